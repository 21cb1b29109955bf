package dev.onpyrunner;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Browser;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Coming back to a job: after its tab was closed at a question, and after the whole server was gone, its runner included. */
class PageComebackIT extends BrowserTest {
    private static final String ASKS_TWICE = """
            name = input("Name? ")
            age = int(input("Age? "))
            print(f"{name} is {age}")
            """;
    private static final String DIALOGUE = "Name? Ada\nAge? 36\nAda is 36\n";
    private static final int LINES = 30;

    PageComebackIT(TestNode node) {
        super(node);
    }

    /** Waits until the terminal shows exactly this. */
    private static void awaitScreen(ConsolePage page, String text) {
        page.page()
                .waitForFunction(
                        "(text) => [...document.querySelectorAll('.xterm-rows > div')]"
                                + ".map((row) => row.textContent.replaceAll('\\u00a0', ' ').trimEnd())"
                                + ".join('\\n').trimEnd() === text",
                        text.stripTrailing());
    }

    @Test
    void a_question_waits_while_nobody_looks_and_what_was_typed_is_on_the_screen_once() {
        ConsolePage first = open("/");
        first.writeAndRun(ASKS_TWICE);
        first.awaitWaiting("Name? ");
        ConsolePage watching = open("/#" + first.jobId());
        watching.awaitWaiting("Name? ");
        first.type("Ada\n");
        first.awaitWaiting("Name? Ada\nAge? ");
        awaitScreen(first, "Name? Ada\nAge?");
        first.page().close();
        ConsolePage second = open("/#" + watching.jobId());
        second.awaitWaiting("Name? Ada\nAge? ");
        second.type("36\n");
        for (ConsolePage page : new ConsolePage[] {watching, second}) {
            page.awaitStatus("DONE");
            page.awaitOutput(DIALOGUE);
            awaitScreen(page, DIALOGUE);
        }
    }

    @Test
    void a_program_is_started_again_when_its_whole_server_is_and_its_output_begins_anew(@TempDir Path data)
            throws Exception {
        TestNode before = TestNode.start(Map.of("data_dir", data.toString()));
        opened.add(before);
        ConsolePage page = openAt(before.uri("/").toString(), new Browser.NewContextOptions())
                .withNetworkTrouble();
        page.input().fill("not read");
        page.writeAndRun("import time\nfor n in range(%d):\n    print('line', n, flush=True)\n    time.sleep(0.1)\n"
                .formatted(LINES));
        page.awaitWhileRunning("line 5\n");
        restart(before, data);
        assertThat(page.connection()).isEmpty();
        page.awaitOutput(
                IntStream.range(0, LINES).mapToObj(n -> "line " + n + "\n").collect(Collectors.joining()));
        page.awaitStatus("DONE");
    }

    @Test
    void a_program_that_was_typed_to_is_not_started_again_and_the_page_says_whose_fault_that_is(@TempDir Path data)
            throws Exception {
        TestNode before = TestNode.start(Map.of("data_dir", data.toString()));
        opened.add(before);
        ConsolePage page = openAt(before.uri("/").toString(), new Browser.NewContextOptions())
                .withNetworkTrouble();
        page.writeAndRun(ASKS_TWICE);
        page.awaitWaiting("Name? ");
        restart(before, data);
        page.awaitStatus("ERROR");
        assertThat(page.title()).hasText("The system failed, not your program");
        page.page().locator("#again").click();
        page.awaitWaiting("Name? ");
        page.type("Ada\n36\n");
        page.awaitStatus("DONE");
        assertThat(page.output()).containsText("Ada is 36");
    }

    /** The same data and the same address, as after a restart of the machine's service. */
    private void restart(TestNode before, Path data) throws Exception {
        int port = before.uri("/").getPort();
        opened.remove(before);
        before.close();
        opened.add(0, TestNode.start(Map.of("data_dir", data.toString(), "http.port", String.valueOf(port))));
    }
}
