package dev.onpyrunner;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Locator;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Typing into programs on the page, and what else is on it around the run: files, examples, history, languages, a phone. */
@ExtendWith(TestNode.class)
@Timeout(60)
class PageInputIT {
    private static final String DIALOGUE = """
            name = input("Name? ")
            while True:
                try:
                    word = input("> ")
                except KeyboardInterrupt:
                    print("[interrupted]")
                except EOFError:
                    break
                else:
                    print(name, "said", word)
            print("bye")
            """;

    private static Chromium chromium;

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final TestNode node;

    PageInputIT(TestNode node) {
        this.node = node;
    }

    @BeforeAll
    static void start_chromium() {
        chromium = new Chromium();
    }

    @AfterAll
    static void stop_chromium() {
        chromium.close();
    }

    @AfterEach
    void close_windows() throws Exception {
        Collections.reverse(opened);
        for (AutoCloseable each : opened) {
            each.close();
        }
    }

    private ConsolePage open(String path) {
        return open(node.uri(path).toString(), new Browser.NewContextOptions());
    }

    private ConsolePage open(String url, Browser.NewContextOptions options) {
        ConsolePage page = ConsolePage.open(chromium.browser(), url, options);
        opened.add(page);
        return page;
    }

    private static Locator screen(ConsolePage page) {
        return page.page().locator(".xterm-rows");
    }

    @Test
    void a_dialogue_in_the_terminal_is_the_same_in_another_window_and_after_a_reload() {
        ConsolePage page = open("/");
        page.writeAndRun(DIALOGUE);
        page.awaitWaiting("Name? ");
        assertThat(page.title()).hasText("Waiting for input");
        page.type("Amn\b\bnn\n");
        page.awaitWaiting("Name? Ann\n> ");
        ConsolePage other = open("/#" + page.jobId());
        other.awaitWaiting("Name? Ann\n> ");
        other.page().locator("#line").fill("hello");
        other.page().locator("#line").press("Enter");
        page.awaitWaiting("Ann said hello\n> ");
        page.page().reload();
        page.awaitWaiting("Name? Ann\n> hello\nAnn said hello\n> ");
        assertThat(screen(page)).containsText("> hello");
        page.type("half a line");
        assertThat(screen(page)).containsText("> half a line");
        page.page().keyboard().press("Control+c");
        page.awaitWaiting("[interrupted]\n> ");
        page.page().keyboard().press("Control+d");
        page.awaitStatus("DONE");
        other.awaitStatus("DONE");
        String all = "Name? Ann\n> hello\nAnn said hello\n> [interrupted]\n> bye\n";
        page.awaitOutput(all);
        other.awaitOutput(all);
        page.page().locator("#reuse-button").click();
        assertThat(page.input()).hasValue("Ann\nhello\n");
        page.run().click();
        page.awaitOutput("Name? > Ann said hello\n> bye\n");
        assertThat(page.page().locator("#typing")).isHidden();
    }

    @Test
    void what_is_typed_while_the_connection_is_lost_arrives_once() throws Exception {
        Wire wire = new Wire(node.uri("/"));
        opened.add(wire);
        ConsolePage page = open(wire.url("/"), new Browser.NewContextOptions()).withNetworkTrouble();
        page.writeAndRun(DIALOGUE);
        page.awaitWaiting("Name? ");
        wire.cut();
        assertThat(page.connection()).containsText("Connection lost");
        page.type("Ann\nfirst\nsecond\n");
        wire.mend();
        page.awaitWaiting("Ann said second\n> ");
        page.page().locator("#eof").click();
        page.awaitStatus("DONE");
        assertThat(node.awaitEnd(page.jobId()).get("stdout").textValue())
                .isEqualTo("Name? > Ann said first\n> Ann said second\n> bye\n");
    }

    @Test
    void without_websockets_typing_works_too() {
        Wire wire = new Wire(node.uri("/"));
        opened.add(wire);
        wire.refuseWebSockets();
        ConsolePage page = open(wire.url("/"), new Browser.NewContextOptions()).withNetworkTrouble();
        page.writeAndRun(DIALOGUE);
        page.awaitWaiting("Name? ");
        page.type("Ann\na\nb\n");
        page.awaitWaiting("Ann said b\n> ");
        page.page().keyboard().press("Control+d");
        page.awaitStatus("DONE");
    }

    @Test
    void a_restarted_server_is_found_again_and_the_program_has_gone_on() throws Exception {
        var redis = node.node().redis();
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Map<String, String> settings = Map.of(
                "roles",
                "http",
                "http.port",
                String.valueOf(port),
                "redis.url",
                redis.url().replace("redis://", "redis://:" + redis.login().password() + "@"));
        ConsolePage page;
        try (TestNode web = TestNode.start(settings)) {
            page = open(web.uri("/").toString(), new Browser.NewContextOptions())
                    .withNetworkTrouble();
            page.writeAndRun(DIALOGUE);
            page.awaitWaiting("Name? ");
        }
        assertThat(page.connection()).containsText("Connection lost");
        page.type("Ann\n");
        opened.add(0, TestNode.start(settings)); // closed after the window
        page.awaitWaiting("Name? Ann\n> ");
        assertThat(page.connection()).isEmpty();
        page.page().keyboard().press("Control+d");
        page.awaitStatus("DONE");
        assertThat(page.title()).hasText(Pattern.compile("^Finished in "));
    }

    @Test
    void on_a_phone_program_and_terminal_take_turns_and_input_has_a_field() {
        ConsolePage page = open(
                node.uri("/").toString(),
                new Browser.NewContextOptions()
                        .setViewportSize(360, 740)
                        .setHasTouch(true)
                        .setIsMobile(true));
        page.write("for i in range(2)");
        page.page().locator("#keys button").getByText(":").tap();
        page.page().keyboard().insertText(" print(input())");
        assertThat(page.editor()).hasText("for i in range(2): print(input())");
        page.run().tap();
        assertThat(page.editor()).isHidden();
        page.awaitWaiting("");
        page.page().locator("#line").fill("가나다");
        page.page().locator("#typing [type=submit]").tap();
        page.awaitWaiting("가나다\n가나다\n");
        page.page().locator("#eof").tap();
        assertThat(page.title()).hasText(Pattern.compile("^Exit code 1 "));
        assertThat(page.run()).isInViewport();
        page.page().locator("#pane-code").tap();
        assertThat(page.editor()).isVisible();
        assertThat(page.page().locator("#screen")).isHidden();
    }

    @Test
    void the_page_speaks_korean_to_who_reads_korean_and_the_choice_is_remembered() {
        ConsolePage page = open(node.uri("/").toString(), new Browser.NewContextOptions().setLocale("ko-KR"));
        assertThat(page.page().locator("html")).hasAttribute("lang", "ko");
        assertThat(page.title()).hasText("준비됨");
        assertThat(page.run()).hasText("실행");
        page.writeAndRun("input()");
        page.awaitWaiting("");
        assertThat(page.title()).hasText("입력을 기다리는 중");
        page.stop().click();
        assertThat(page.title()).hasText("중지됨");
        page.page().locator("#language").selectOption("en");
        assertThat(page.title()).hasText("Cancelled while it ran");
        page.page().reload();
        assertThat(page.run()).hasText("Run");
    }

    @Test
    void several_files_are_written_renamed_deleted_and_run() {
        ConsolePage page = open("/");
        page.write("import shapes\nprint(open('note.txt').read(), shapes.AREA)");
        addFile(page, "shapes.py");
        page.write("AREA = 5");
        addFile(page, "nota.txt");
        page.write("area:");
        page.page().locator("#file-rename").click();
        page.page().locator("#file-name").fill("shapes.py");
        page.page().locator("#file-name").press("Enter");
        assertThat(page.page().locator("#file-problem")).hasText("There is a file of that name already.");
        page.page().locator("#file-name").fill("note.txt");
        page.page().locator("#file-name").press("Enter");
        Locator tabs = page.page().locator("#tabs [role=tab]");
        assertThat(tabs).hasText(new String[] {"main.py", "shapes.py", "note.txt"});
        page.page().locator("#file-delete").click();
        assertThat(tabs).hasCount(2);
        page.page().locator("#file-undo-button").click();
        page.run().click();
        page.awaitOutput("area: 5\n");
        page.page().reload();
        assertThat(tabs).hasText(new String[] {"main.py", "shapes.py", "note.txt"});
        tabs.nth(1).click();
        assertThat(page.editor()).hasText("AREA = 5");
        page.write("AREA = 1 / 0");
        page.run().click();
        page.awaitStatus("DONE");
        assertThat(page.page().locator(".marked-line")).hasText("AREA = 1 / 0");
    }

    private static void addFile(ConsolePage page, String name) {
        page.page().locator("#file-add").click();
        page.page().locator("#file-name").fill(name);
        page.page().locator("#file-name").press("Enter");
        assertThat(page.page().locator("#tab-current")).hasText(name);
    }

    @Test
    void what_was_run_here_is_found_again_even_when_the_server_has_forgotten_it() throws Exception {
        ConsolePage page = open("/");
        page.page().locator("#examples summary").click();
        page.page().locator("#examples-list").getByText("An error").click();
        page.run().click();
        assertThat(page.title()).hasText(Pattern.compile("^Exit code 1 "));
        String id = page.jobId();
        page.page().locator("h1 a").click();
        page.page().locator("#history summary").click();
        Locator first = page.page().locator("#history-list button").first();
        assertThat(first).containsText("The line of the error");
        assertThat(first.locator("small")).hasText(Pattern.compile(" · Ended$"));
        first.click();
        page.awaitStatus("DONE");
        assertThat(page.page()).hasURL(Pattern.compile("#" + id));
        assertThat(node.send(node.request("/v1/jobs/" + id + "?purge=true").DELETE())
                        .statusCode())
                .isEqualTo(204);
        page.withNetworkTrouble().page().reload();
        assertThat(page.problem()).containsText("This job is no longer kept");
        assertThat(page.problem()).containsText("Its program is still in this browser.");
        assertThat(page.editor()).containsText("mean([])");
    }

    @Test
    void colours_carriage_returns_and_the_chosen_theme_reach_the_terminal() {
        ConsolePage page = open("/");
        page.writeAndRun(
                "print('\\033[32mgreen\\033[0m plain')\nprint('12345\\rab', end='\\x00')\nprint('\\033]0;title\\x07', end='')");
        page.awaitStatus("DONE");
        assertThat(screen(page)).containsText("ab345");
        Locator green = screen(page).locator("span").getByText("green");
        page.page().locator("#theme").selectOption("dark");
        assertThat(green).hasCSS("color", "rgb(143, 211, 166)");
        page.page().reload();
        assertThat(page.page().locator("html")).hasAttribute("data-theme", "dark");
        page.page().locator("#theme").selectOption("light");
        assertThat(green).hasCSS("color", "rgb(23, 112, 61)");
        assertThat(page.page()).hasTitle(Pattern.compile("OnPyRunner"));
    }
}
