package dev.onpyrunner;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Download;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Response;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import dev.onpyrunner.job.Outcome;
import dev.onpyrunner.job.Result;
import dev.onpyrunner.job.Usage;
import io.vertx.core.buffer.Buffer;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The web console in a real Chromium against a real node. After each test, every window that it opened must have kept to its origin and
 * its content policy and have written no error to its console ({@link ConsolePage#close}).
 */
@ExtendWith(TestNode.class)
@Timeout(60)
class PageIT {
    private static final int LINES = 60;
    /** Prints for six seconds: long enough to reload, leave and cut in the middle. */
    private static final String SLOW = """
            import time
            for n in range(1, %d):
                print("line", n, flush=True)
                time.sleep(0.1)
            """.formatted(LINES + 1);

    private static final String SLOW_OUTPUT =
            IntStream.rangeClosed(1, LINES).mapToObj(n -> "line " + n + "\n").collect(Collectors.joining());

    /** Runs until it is stopped. */
    private static final String WAITING = "import time\nprint('waiting', flush=True)\ntime.sleep(9)\n";

    /** A picture of one pixel, as PNG. */
    static final String PIXEL =
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg==";

    private static Chromium chromium;

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final TestNode node;

    PageIT(TestNode node) {
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
        return open(path, new Browser.NewContextOptions());
    }

    private ConsolePage open(String path, Browser.NewContextOptions options) {
        return openAt(node.uri(path).toString(), options);
    }

    private ConsolePage openAt(String url, Browser.NewContextOptions options) {
        ConsolePage page = ConsolePage.open(chromium.browser(), url, options);
        opened.add(page);
        return page;
    }

    private Wire wire() {
        Wire wire = new Wire(node.uri("/"));
        opened.add(wire);
        return wire;
    }

    private static void assertFinished(ConsolePage page) {
        page.awaitStatus("DONE");
        assertThat(page.title()).hasText(Pattern.compile("^Finished in (\\d+ ms|[\\d.]+ s) \\([\\d.]+ MB\\)$"));
    }

    // ---- Running ----

    @Test
    void loads_without_an_error_and_asks_nobody_else() {
        ConsolePage page = open("/");
        assertThat(page.editor()).containsText("Hello");
        assertThat(page.title()).hasText("Ready");
        assertThat(page.page()).hasTitle("OnPyRunner");
        assertThat(page.requests()).hasSizeGreaterThanOrEqualTo(3);
    }

    @Test
    void the_first_program_prints_while_it_runs_and_then_says_how_long_it_took() {
        ConsolePage page = open("/");
        page.run().click();
        page.awaitWaiting("What is your name? ");
        page.page().keyboard().type("world\n");
        page.awaitWhileRunning("1. Hello, world!");
        assertThat(page.page().locator("#state-clock")).hasText(Pattern.compile("\\(\\d+\\.\\d s\\)"));
        assertThat(page.page()).hasURL(Pattern.compile("/#\\d+-[a-z0-9]{26}$"));
        assertFinished(page);
        assertThat(page.title()).hasText(Pattern.compile("^Finished in 2\\.\\d\\d s"));
        assertThat(page.output()).containsText("5. Hello, world!");
        assertThat(page.run()).isEnabled();
        assertThat(page.stop()).isHidden();
    }

    @Test
    void input_reaches_the_program() {
        ConsolePage page = open("/");
        page.input().fill("Ada\nand Grace ü\n");
        page.writeAndRun("import sys\nfor line in sys.stdin:\n    print('read', line.strip())\n");
        page.awaitOutput("read Ada\nread and Grace ü\n");
        assertFinished(page);
    }

    @Test
    void a_traceback_is_told_apart_and_the_exit_code_shown() {
        ConsolePage page = open("/");
        page.writeAndRun("print('before')\nraise ValueError('no such luck')\n");
        assertThat(page.title()).hasText(Pattern.compile("^Exit code 1 after "));
        assertThat(page.state()).hasAttribute("data-tone", "bad");
        Locator marked = page.output().locator(".err");
        assertThat(marked).containsText("ValueError: no such luck");
        assertThat(marked).not().containsText("before");
        assertThat(page.output()).containsText("before");
        assertThat(page.page().locator(".xterm-rows")).containsText("ValueError: no such luck");
        assertThat(page.page().locator(".marked-line")).hasText("raise ValueError('no such luck')");
    }

    @Test
    void an_endless_loop_ends_at_the_limit_in_plain_words() {
        ConsolePage page = open("/");
        page.writeAndRun("while True:\n    pass\n");
        page.awaitStatus("DONE");
        // The second is for a machine too busy to give it five seconds of CPU time within ten.
        assertThat(page.title())
                .hasText(Pattern.compile("^Stopped after (5.0 s of CPU time|10.0 s on the clock), the limit$"));
        assertThat(page.state()).hasAttribute("data-tone", "limit");
    }

    @Test
    void the_line_at_which_a_limit_stopped_the_program_is_marked() throws Exception {
        // By hand: a real program that gets no time to say where it is has no stack.
        TestNode own = TestNode.start(Map.of("roles", "http"));
        opened.add(own);
        HandRunner runner = new HandRunner(own);
        opened.add(runner);
        String id = own.submit("def spin():\n    while True: pass\nspin()\n");
        String stack = """
                Current thread 0x00007f0000000000 (most recent call first):
                  File "/usr/lib/python3.11/threading.py", line 1 in run
                  File "/work/main.py", line 2 in spin
                  File "/work/main.py", line 3 in <module>
                """;
        runner.end(
                runner.claim(),
                new Result(
                        Outcome.CPU_LIMIT,
                        null,
                        "SIGKILL",
                        "Stopped.",
                        List.of(),
                        new Usage(1, 1, 1, 1),
                        null,
                        List.of(),
                        stack,
                        null));
        ConsolePage page = openAt(own.uri("/#" + id).toString(), new Browser.NewContextOptions());
        assertThat(page.page().locator("#stack")).containsText("line 2 in spin");
        assertThat(page.page().locator(".marked-line")).hasText("    while True: pass");
    }

    @Test
    void the_stop_button_cancels_and_keeps_what_was_printed() {
        ConsolePage page = open("/");
        page.writeAndRun(WAITING);
        page.awaitWhileRunning("waiting");
        page.stop().click();
        page.awaitStatus("CANCELLED");
        assertThat(page.output()).containsText("waiting");
        assertThat(page.stop()).isHidden();
        assertThat(page.run()).not().hasAttribute("aria-disabled", "true");
    }

    @Test
    void a_program_that_prints_nothing_is_said_to() {
        ConsolePage page = open("/");
        page.writeAndRun("pass");
        assertFinished(page);
        assertThat(page.page().locator("#quiet")).hasText("The program printed nothing.");
        assertThat(page.output()).isEmpty();
    }

    // ---- Output ----

    @Test
    void markup_in_the_output_is_text() {
        String markup = "<script>alert(1)</script><img src=/x onerror=alert(2)></pre><h1>big</h1>&amp;";
        ConsolePage page = open("/");
        page.writeAndRun(
                "import sys\nfor f in sys.stdout, sys.stderr:\n    print('" + markup + "', file=f, flush=True)\n");
        assertFinished(page);
        assertThat(page.output()).hasJSProperty("textContent", markup + "\n" + markup);
        assertThat(page.output().locator("script, img, h1")).hasCount(0);
        assertThat(page.requests()).noneMatch(url -> url.endsWith("/x"));
    }

    @Test
    void characters_come_out_whole_even_when_written_in_halves() {
        ConsolePage page = open("/");
        page.writeAndRun("""
                import sys, time
                print("Grüße, 世界 🎉 e\\u0301 \\u202eabc\\u202c", flush=True)
                for byte in "é🐍".encode() + b"\\xff!":
                    sys.stdout.buffer.write(bytes([byte]))
                    sys.stdout.flush()
                    time.sleep(0.05)
                """);
        page.awaitOutput("Grüße, 世界 🎉 e\u0301 \u202eabc\u202c\né🐍\ufffd!");
        assertFinished(page);
    }

    @ParameterizedTest
    @ValueSource(strings = {"print(('x' * 63 + '\\n') * 16384, end='')", "print('x' * 1048576, end='')"})
    void the_page_stays_responsive_while_a_mebibyte_arrives(String program) throws Exception {
        ConsolePage page = open("/");
        page.page()
                .evaluate(
                        "() => { window.longest = 0; new PerformanceObserver((tasks) => { for (const task of tasks.getEntries())"
                                + " window.longest = Math.max(window.longest, task.duration); }).observe({ type: 'longtask' }); }");
        page.writeAndRun(program);
        page.input().pressSequentially("typed meanwhile");
        assertFinished(page);
        Download saved = page.page()
                .waitForDownload(() -> page.page().locator("#save-output").click());
        assertThat(Files.size(saved.path())).isEqualTo(1048576);
        assertThat(page.input()).hasValue("typed meanwhile");
        assertThat(((Number) page.page().evaluate("window.longest")).doubleValue())
                .as("the longest time that the page was blocked, in ms")
                .isLessThan(500);
        assertThat(page.page().locator(".xterm-rows")).containsText("xxxx");
    }

    // ---- Leaving and coming back ----

    @Test
    void a_reload_in_the_middle_brings_back_everything() {
        ConsolePage page = open("/");
        page.input().fill("not read");
        page.writeAndRun(SLOW);
        page.awaitWhileRunning("line 5\n");
        page.page().reload();
        page.awaitWhileRunning("line 6\n");
        assertThat(page.program()).isEqualTo(SLOW);
        assertThat(page.input()).hasValue("not read");
        page.awaitOutput(SLOW_OUTPUT);
        assertFinished(page);
    }

    @Test
    void a_closed_tab_does_not_stop_the_program_and_another_device_sees_its_result() throws Exception {
        ConsolePage first = open("/");
        first.writeAndRun(SLOW);
        first.awaitWhileRunning("line 3\n");
        String id = first.jobId();
        first.close();
        ConsolePage second = open("/#" + id);
        second.awaitWhileRunning("line 4\n");
        second.close();
        node.awaitEnd(id);
        ConsolePage third = open("/#" + id);
        third.awaitOutput(SLOW_OUTPUT);
        assertFinished(third);
        assertThat(third.program()).isEqualTo(SLOW);
    }

    @Test
    void two_windows_on_one_job_see_the_same() throws Exception {
        String id = node.submit(SLOW);
        ConsolePage first = open("/#" + id);
        first.awaitWhileRunning("line 2\n");
        ConsolePage second = open("/#" + id);
        second.awaitWhileRunning("line 2\n");
        first.awaitOutput(SLOW_OUTPUT);
        second.awaitOutput(SLOW_OUTPUT);
        assertFinished(first);
        assertFinished(second);
        assertThat(second.title().textContent()).isEqualTo(first.title().textContent());
    }

    @Test
    void stopping_in_one_window_shows_in_the_other() throws Exception {
        String id = node.submit(WAITING);
        ConsolePage first = open("/#" + id);
        ConsolePage second = open("/#" + id);
        first.awaitWhileRunning("waiting");
        second.awaitWhileRunning("waiting");
        second.stop().click();
        first.awaitStatus("CANCELLED");
        second.awaitStatus("CANCELLED");
    }

    @Test
    void back_and_forward_go_between_jobs() {
        ConsolePage page = open("/");
        page.writeAndRun("print('first')");
        page.awaitOutput("first\n");
        assertFinished(page);
        page.writeAndRun("print('second')");
        page.awaitOutput("second\n");
        assertFinished(page);
        page.page().goBack();
        page.awaitOutput("first\n");
        assertThat(page.editor()).hasText("print('first')");
        assertFinished(page);
        page.page().goForward();
        page.awaitOutput("second\n");
        assertThat(page.editor()).hasText("print('second')");
        page.page().goBack();
        page.page().goBack();
        assertThat(page.title()).hasText("Ready");
        assertThat(page.output()).isEmpty();
    }

    @Test
    void what_was_typed_and_not_run_survives_a_reload() {
        ConsolePage page = open("/");
        page.write("print('unfinished");
        page.input().fill("input");
        page.page().reload();
        assertThat(page.editor()).hasText("print('unfinished");
        assertThat(page.input()).hasValue("input");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"0-00000000000000000000000000", "nonsense", "%3Cimg%20src=x%20onerror=alert(1)%3E", "%E0%A4%A"})
    void an_unknown_job_is_said_to_be_unknown_and_the_editor_works(String id) {
        ConsolePage page = open("/").withNetworkTrouble();
        page.page().navigate(node.uri("/") + "#" + id);
        assertThat(page.problem()).containsText("There is no job at this address");
        page.writeAndRun("print('still works')");
        page.awaitOutput("still works\n");
        assertFinished(page);
        assertThat(page.problem()).isHidden();
    }

    @Test
    void an_expired_job_is_said_to_be_gone_and_the_editor_works() throws Exception {
        String id = node.submit(Map.of("source", "print('short-lived')", "retention_s", 1));
        node.awaitEnd(id);
        Await.until("the job has expired", () -> node.get("/v1/jobs/" + id).statusCode() == 410);
        ConsolePage page = open("/").withNetworkTrouble();
        page.page().navigate(node.uri("/") + "#" + id);
        assertThat(page.problem()).containsText("This job is no longer kept: its time on the server has passed");
        page.writeAndRun("print('still works')");
        page.awaitOutput("still works\n");
    }

    // ---- The network ----

    @Test
    void a_lost_connection_comes_back_without_gap_or_repeat() throws Exception {
        Wire wire = wire();
        ConsolePage page = openAt(wire.url("/#" + node.submit(SLOW)), new Browser.NewContextOptions())
                .withNetworkTrouble();
        for (String line : List.of("line 3\n", "line 10\n")) {
            page.awaitWhileRunning(line);
            wire.cut();
            assertThat(page.connection()).containsText("Connection lost. The program goes on running");
            wire.mend();
            assertThat(page.connection()).isEmpty();
        }
        page.awaitOutput(SLOW_OUTPUT);
        assertFinished(page);
    }

    @Test
    void what_happened_while_the_device_was_offline_is_shown_afterwards() throws Exception {
        Wire wire = wire();
        String id = node.submit(SLOW);
        ConsolePage page =
                openAt(wire.url("/#" + id), new Browser.NewContextOptions()).withNetworkTrouble();
        page.awaitWhileRunning("line 3\n");
        page.context().setOffline(true);
        wire.cut();
        assertThat(page.connection()).containsText("Connection lost");
        node.awaitEnd(id);
        assertThat(page.state()).hasAttribute("data-status", "RUNNING");
        wire.mend();
        page.context().setOffline(false);
        page.awaitOutput(SLOW_OUTPUT);
        assertFinished(page);
        assertThat(page.connection()).isEmpty();
    }

    @Test
    void a_network_without_websockets_is_enough() throws Exception {
        Wire wire = wire();
        wire.refuseWebSockets();
        ConsolePage page =
                openAt(wire.url("/"), new Browser.NewContextOptions()).withNetworkTrouble();
        page.writeAndRun(SLOW);
        assertFinished(page);
    }

    @Test
    void a_lost_answer_does_not_start_the_program_twice() {
        Wire wire = wire();
        ConsolePage page =
                openAt(wire.url("/"), new Browser.NewContextOptions()).withNetworkTrouble();
        page.write("print('once')");
        wire.loseAnswerTo("POST /v1/jobs ");
        Response answer = page.page()
                .waitForResponse(
                        r -> r.request().method().equals("POST"),
                        () -> page.run().click());
        assertThat(answer.headerValue("Idempotency-Replayed")).isEqualTo("true");
        page.awaitOutput("once\n");
        assertFinished(page);
    }

    @Test
    void a_server_that_cannot_be_reached_is_said_to_be_so_and_trying_again_works() {
        Wire wire = wire();
        ConsolePage page =
                openAt(wire.url("/"), new Browser.NewContextOptions()).withNetworkTrouble();
        page.write("print('at last')");
        wire.cut();
        page.run().click();
        assertThat(page.problem()).hasText("The server cannot be reached. Check your connection and try again.");
        wire.mend();
        page.run().click();
        page.awaitOutput("at last\n");
        assertThat(page.problem()).isHidden();
    }

    @Test
    void a_full_server_says_when_to_try_again() {
        ConsolePage page = open("/").withNetworkTrouble();
        page.page()
                .route(
                        "**/v1/jobs",
                        route -> route.fulfill(new Route.FulfillOptions()
                                .setStatus(503)
                                .setHeaders(Map.of("Retry-After", "7", "Content-Type", "application/problem+json"))
                                .setBody("{\"type\":\"/problems/queue-full\",\"title\":\"Queue full\",\"status\":503,"
                                        + "\"detail\":\"Too many programs are waiting.\"}")));
        page.writeAndRun("print('kept')");
        assertThat(page.problem()).hasText("Too many programs are waiting. Try again in 7 seconds.");
        assertThat(page.editor()).hasText("print('kept')");
        page.page().unroute("**/v1/jobs");
        page.run().click();
        page.awaitOutput("kept\n");
    }

    @Test
    void a_refused_request_names_the_fields_that_are_wrong() {
        ConsolePage page = open("/").withNetworkTrouble();
        page.page()
                .route(
                        "**/v1/jobs",
                        route -> route.resume(new Route.ResumeOptions()
                                .setPostData("{\"source\":\"pass\",\"limits\":{\"cpu_ms\":-1},\"colour\":1}")));
        page.run().click();
        assertThat(page.problem()).containsText("/limits/cpu_ms");
        assertThat(page.problem()).containsText("/colour");
        assertThat(page.run()).not().hasAttribute("aria-disabled", "true");
    }

    // ---- Keys ----

    @ParameterizedTest
    @ValueSource(strings = {"#editor .cm-content", "#input"})
    void ctrl_enter_runs_from_wherever_one_types(String place) {
        ConsolePage page = open("/");
        page.write("print('by key')");
        page.page().locator(place).press("Control+Enter");
        page.awaitOutput("by key\n");
        assertFinished(page);
        assertThat(page.editor()).hasText("print('by key')");
    }

    @Test
    void all_of_it_works_with_the_keyboard_alone() {
        ConsolePage page = open("/");
        Page keys = page.page();
        assertThat(page.editor()).isVisible();
        tabTo(page, page.editor());
        keys.keyboard().press("ControlOrMeta+A");
        keys.keyboard().type("if True:\nname = input()");
        // The second line was indented by Enter; Tab indents it once more, Shift+Tab takes that back.
        assertThat(page.program()).isEqualTo("if True:\n    name = input()");
        keys.keyboard().press("Tab");
        assertThat(page.program()).isEqualTo("if True:\n        name = input()");
        keys.keyboard().press("Shift+Tab");
        keys.keyboard().type("\nprint(\"hi\", name, flush=True)\nimport time\ntime.sleep(9)");
        keys.keyboard().press("Escape");
        keys.keyboard().press("Tab");
        assertThat(page.input()).isFocused();
        keys.keyboard().type("Ada");
        keys.keyboard().press("Tab");
        assertThat(page.run()).isFocused();
        keys.keyboard().press("Enter");
        page.awaitWhileRunning("hi Ada");
        assertThat(page.run()).isFocused();
        keys.keyboard().press("Tab");
        assertThat(page.stop()).isFocused();
        keys.keyboard().press("Enter");
        page.awaitStatus("CANCELLED");
        assertThat(page.run()).isFocused();
        tabTo(page, page.page().locator(".xterm-helper-textarea"));
        keys.keyboard().press("Tab");
        assertThat(page.page().locator(".xterm-helper-textarea")).not().isFocused();
    }

    private static void tabTo(ConsolePage page, Locator target) {
        for (int n = 0; n < 12; n++) {
            page.page().keyboard().press("Tab");
            if ((Boolean) target.evaluate("(e) => e === document.activeElement")) {
                return;
            }
        }
        throw new AssertionError("Tab does not get to " + target);
    }

    // ---- Files ----

    @Test
    void files_that_a_job_hands_back_can_be_saved() throws Exception {
        TestNode own = TestNode.start(Map.of("roles", "http"));
        opened.add(own);
        HandRunner runner = new HandRunner(own);
        opened.add(runner);
        String strange = "<img src=x onerror=alert(1)>.html";
        Map<String, Buffer> files = new LinkedHashMap<>();
        files.put("plots/sales.png", Buffer.buffer(Base64.getDecoder().decode(PIXEL)));
        files.put("table.csv", Buffer.buffer("a,b\n".repeat(3_000)));
        files.put(strange, Buffer.buffer("<script>alert(1)</script>"));
        files.put("n".repeat(200) + "/" + "m".repeat(200), Buffer.buffer());
        String id = runner.run(files);
        for (int width : new int[] {1280, 360}) {
            ConsolePage page =
                    openAt(own.uri("/#" + id).toString(), new Browser.NewContextOptions().setViewportSize(width, 800));
            page.awaitStatus("DONE");
            assertThat(page.files()).hasText(new String[] {
                "plots/sales.png67 B",
                "table.csv12 kB",
                strange + "25 B",
                "n".repeat(200) + "/" + "m".repeat(200) + "0 B"
            });
            assertFits(page);
            Download saved = page.page()
                    .waitForDownload(
                            () -> page.files().nth(1).getByRole(AriaRole.LINK).click());
            assertThat(saved.suggestedFilename()).isEqualTo("table.csv");
            assertThat(Files.readString(saved.path())).isEqualTo("a,b\n".repeat(3_000));
        }
    }

    // ---- Looks ----

    @Test
    void a_narrow_phone_never_scrolls_sideways() {
        ConsolePage page = open(
                "/",
                new Browser.NewContextOptions()
                        .setViewportSize(360, 640)
                        .setHasTouch(true)
                        .setIsMobile(true));
        assertFits(page);
        page.write("import sys\nprint('x' * 3000, flush=True)\nsys.exit('e' * 3000 + '" + "y".repeat(200) + "')\n");
        page.run().tap();
        page.awaitStatus("DONE");
        assertThat(page.output().locator(".err")).isVisible();
        assertFits(page);
        assertThat(page.state()).isInViewport();
        page.withNetworkTrouble()
                .page()
                .navigate(node.uri("/#" + "n".repeat(200)).toString());
        assertThat(page.problem()).isVisible();
        assertFits(page);
    }

    private static void assertFits(ConsolePage page) {
        assertThat(page.page().evaluate("() => document.documentElement.scrollWidth - innerWidth"))
                .as("pixels too wide")
                .isEqualTo(0);
    }

    @ParameterizedTest
    @EnumSource(
            value = ColorScheme.class,
            names = {"LIGHT", "DARK"})
    void all_text_has_contrast(ColorScheme scheme) {
        ConsolePage page = open("/", new Browser.NewContextOptions().setColorScheme(scheme));
        assertContrast(page, scheme);
        page.write("# comment\n@property\nclass A(B):\n    def f(self): return f'{len(x)}', 1, None, r'\\n'\n");
        page.run().click();
        assertThat(page.title()).hasText(Pattern.compile("^Exit code 1"));
        assertThat(page.output().locator(".err")).isVisible();
        assertContrast(page, scheme);
        page.withNetworkTrouble().page().navigate(node.uri("/#unknown").toString());
        assertThat(page.problem()).isVisible();
        assertContrast(page, scheme);
    }

    private static void assertContrast(ConsolePage page, ColorScheme scheme) {
        @SuppressWarnings("unchecked")
        Map<String, Object> found = (Map<String, Object>) page.page().evaluate(CONTRAST);
        assertThat((Boolean) found.get("dark")).isEqualTo(scheme == ColorScheme.DARK);
        assertThat((Integer) found.get("texts")).isGreaterThan(20);
        assertThat((List<?>) found.get("poor")).as("texts under 4.5:1").isEmpty();
    }

    /** Each visible text's contrast with the ground it stands on, as WCAG 2.2 defines it (1.4.3); buttons that are off are exempt. */
    private static final String CONTRAST = """
            () => {
              const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
              const luminance = ([r, g, b]) => [r, g, b]
                .map((c) => c / 255)
                .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
                .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
              const ground = (element) => {
                for (let e = element; e; e = e.parentElement) {
                  const colour = parts(getComputedStyle(e).backgroundColor);
                  if ((colour[3] ?? 1) > 0.5) return colour;
                }
                return [255, 255, 255];
              };
              const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
              const poor = [];
              let count = 0;
              while (texts.nextNode()) {
                const element = texts.currentNode.parentElement;
                const text = texts.currentNode.data.trim();
                if (!text || !element.checkVisibility({ visibilityProperty: true }) || element.closest('[aria-disabled], noscript')) continue;
                count++;
                const [a, b] = [parts(getComputedStyle(element).color), ground(element)].map(luminance);
                const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
                if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${element.tagName}#${element.id}.${element.className}: ${text.slice(0, 40)}`);
              }
              return { texts: count, poor, dark: luminance(ground(document.body)) < 0.2 };
            }
            """;
}
