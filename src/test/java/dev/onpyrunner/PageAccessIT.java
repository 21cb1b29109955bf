package dev.onpyrunner;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.Cookie;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The web console for everybody: axe-core's rules in every state and look, the keyboard alone, Korean and English. */
class PageAccessIT extends BrowserTest {
    private static final String PROGRAM = """
            import sys
            for code in range(30, 38):
                print(f"\\033[{code}mcolour {code}\\033[0m", f"\\033[{code + 60}mbright\\033[0m")
            name = input("Name? ")
            print(name, file=sys.stderr)
            raise ValueError(name)
            """;

    PageAccessIT(TestNode node) {
        super(node);
    }

    static Stream<Arguments> looks() {
        return Stream.of(
                Arguments.of("laptop, light, English", laptop(ColorScheme.LIGHT, "en-GB")),
                Arguments.of("laptop, dark, Korean", laptop(ColorScheme.DARK, "ko-KR")),
                Arguments.of(
                        "phone, light, Korean",
                        phone().setColorScheme(ColorScheme.LIGHT).setLocale("ko-KR")),
                Arguments.of(
                        "phone, dark, English",
                        phone().setColorScheme(ColorScheme.DARK).setLocale("en-GB")));
    }

    private static Browser.NewContextOptions laptop(ColorScheme scheme, String locale) {
        return new Browser.NewContextOptions().setColorScheme(scheme).setLocale(locale);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("looks")
    void axe_finds_nothing(String look, Browser.NewContextOptions options) {
        List<String> found = new ArrayList<>();
        ConsolePage page = open("/", options);
        assertThat(page.editor()).isVisible();
        found.addAll(Axe.find(page, "before any run"));
        for (String menu : new String[] {"#examples", "#history"}) {
            page.page().locator(menu + " > summary").click();
            found.addAll(Axe.find(page, "with the menu " + menu));
        }
        page.page().keyboard().press("Escape");
        page.page().locator("#file-add").click();
        page.page().locator("#file-name").fill("no/../name");
        page.page().keyboard().press("Enter");
        assertThat(page.page().locator("#file-problem")).not().isEmpty();
        found.addAll(Axe.find(page, "with a wrong name for a file"));
        page.page().locator("#file-name").fill("data.txt");
        page.page().keyboard().press("Enter");
        page.page().locator("#tabs button").first().click();
        page.write(PROGRAM);
        page.run().click();
        page.awaitWaiting("Name? ");
        found.addAll(Axe.find(page, "while the program waits for input"));
        page.page().locator("#line").fill("Ada");
        page.page().keyboard().press("Enter");
        page.awaitStatus("DONE");
        assertThat(page.page().locator(".xterm-rows")).containsText("ValueError: Ada");
        found.addAll(Axe.find(page, "after an exception"));
        if (page.page().locator("#pane-code").isVisible()) {
            page.page().locator("#pane-code").click();
            assertThat(page.page().locator(".marked-line")).hasText("raise ValueError(name)");
            found.addAll(Axe.find(page, "with the line of the exception"));
        }
        page.withNetworkTrouble()
                .page()
                .navigate(node.uri("/#" + "n".repeat(26)).toString());
        assertThat(page.problem()).isVisible();
        found.addAll(Axe.find(page, "with a problem"));
        assertThat(found).isEmpty();
    }

    // ---- Cases ----

    static void paste(Locator field, String text) {
        field.evaluate("""
                (field, text) => {
                  const clipboardData = new DataTransfer();
                  clipboardData.setData('text/plain', text);
                  field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
                }
                """, text);
    }

    @Test
    void cases_are_pasted_and_run_and_those_that_fail_are_opened() {
        ConsolePage page = open("/", laptop(ColorScheme.LIGHT, "en-GB"));
        Page window = page.page();
        page.write("import sys\nn = int(input())\nprint(2 * n)\nprint('end')\nprint('warned', file=sys.stderr)\n");
        window.locator("#show-cases").click();
        Locator first = window.locator("#cases tbody textarea").first();
        assertThat(first).isFocused();
        paste(first, "1\t\"2\nend\"\r\n2\t\"5\nend\"\r\nx\t0\n3\t\n");
        Locator verdicts = window.locator("#cases .verdict");
        List<String> found = new ArrayList<>(Axe.find(page, "with cases"));
        window.keyboard().press("Control+Enter");
        for (int n = 0; n < 4; n++) {
            assertThat(verdicts.nth(n))
                    .hasAttribute(
                            "data-tone", List.of("good", "bad", "bad", "idle").get(n));
        }
        assertThat(window.locator("#cases-summary")).hasText("1 of 4 cases as expected, 2 not.");
        assertThat(verdicts.nth(2)).containsText("1");
        verdicts.nth(1).press("Enter");
        Locator difference = window.locator(".detail .printed").first();
        assertThat(difference).containsText("end");
        assertThat(difference.locator("del")).hasText("− 5\n");
        assertThat(difference.locator("ins")).hasText("+ 4\n");
        assertThat(window.locator(".detail .printed").nth(1)).hasText("warned\n");
        found.addAll(Axe.find(page, "with a case that failed"));
        found.addAll(inTheDarkAndSmall(page));
        assertThat(found).isEmpty();

        // What is edited has no verdict any more, and all of it is there again after a reload.
        window.locator("#cases tbody textarea").nth(2).fill("7");
        assertThat(window.locator("#cases .verdict:visible")).hasCount(3);
        verdicts.nth(0).click();
        window.locator(".detail:visible a").first().click();
        assertThat(page.output()).containsText("2\nend");
        window.reload();
        assertThat(page.output()).containsText("2\nend");
        window.locator("#show-cases").click();
        assertThat(window.locator("#cases tbody textarea")).hasCount(8);
        assertThat(window.locator("#cases tbody textarea").nth(2)).hasValue("7");
    }

    // ---- Keys ----

    @Test
    void a_dialogue_needs_no_mouse() {
        ConsolePage page = open("/");
        assertThat(page.editor()).isVisible();
        tabTo(page, "#editor .cm-content");
        page.page().keyboard().press("ControlOrMeta+A");
        page.page().keyboard().insertText("print('Hello,', input('Name? '))\n");
        page.page().keyboard().press("Control+Enter");
        page.awaitWaiting("Name? ");
        page.page().keyboard().press("Escape");
        tabTo(page, ".xterm-helper-textarea");
        page.page().keyboard().type("Ada");
        page.page().keyboard().press("Tab");
        assertThat(page.page().locator(".xterm-helper-textarea")).not().isFocused();
        page.page().keyboard().press("Shift+Tab");
        assertThat(page.page().locator(".xterm-helper-textarea")).isFocused();
        page.page().keyboard().press("Enter");
        page.awaitOutput("Name? Ada\nHello, Ada\n");
        // Focus that was in a part that has gone is not lost.
        page.page().keyboard().press("Tab");
        assertThat(page.page().locator(":focus")).isVisible();
        tabTo(page, "#examples > summary");
        page.page().keyboard().press("Enter");
        page.page().keyboard().press("Tab");
        page.page().keyboard().press("Tab");
        page.page().keyboard().press("Enter");
        assertThat(page.editor()).containsText("import random");
        assertThat(page.editor()).isFocused();
    }

    // ---- Fingers ----

    @Test
    void on_a_phone_whose_keyboard_is_open_the_question_its_answer_and_the_buttons_are_in_sight() {
        ConsolePage page = open("/", phone());
        page.write("for n in range(40):\n    print(n)\nprint('Hello,', input('Name? '))\n");
        page.run().tap();
        page.awaitWaiting("Name? ");
        assertFingersFit(page);
        assertNothingIsBeside(page);
        Locator line = page.page().locator("#line");
        line.tap();
        page.page().setViewportSize(360, 360);
        line.pressSequentially("Ada");
        Locator send = page.page().locator("#typing [type=submit]");
        Locator question =
                page.page().locator(".xterm-rows > div").filter(new Locator.FilterOptions().setHasText("Name?"));
        Locator toCode = page.page().locator("#pane-code");
        for (Locator each : List.of(line, send, question, page.title(), page.run(), page.stop(), toCode)) {
            assertThat(each).isInViewport(WHOLE);
        }
        send.tap();
        assertThat(line).hasValue("");
        page.awaitStatus("DONE");
        toCode.tap();
        page.editor().tap();
        Locator keys = page.page().locator("#keys button");
        for (Locator each : List.of(page.page().locator("#tab-current"), keys.first(), page.run())) {
            assertThat(each).isInViewport(WHOLE);
        }
        assertThat(page.editor()).isInViewport();
        keys.first().press("ArrowRight");
        assertThat(keys.nth(1)).isFocused();
        page.page().setViewportSize(360, 740);
        assertFingersFit(page);
    }

    /** What axe-core finds when the colours of the system change, and the window is no wider than a phone. */
    private static List<String> inTheDarkAndSmall(ConsolePage page) {
        page.page().emulateMedia(new Page.EmulateMediaOptions().setColorScheme(ColorScheme.DARK));
        page.page().setViewportSize(360, 740);
        List<String> found = Axe.find(page, "in the dark, and small");
        assertNothingIsBeside(page);
        return found;
    }

    static final LocatorAssertions.IsInViewportOptions WHOLE =
            new LocatorAssertions.IsInViewportOptions().setRatio(0.99);

    static void assertNothingIsBeside(ConsolePage page) {
        assertThat(page.page().evaluate("() => document.documentElement.scrollWidth - innerWidth"))
                .as("pixels too wide")
                .isEqualTo(0);
    }

    /** Whatever can be touched is 44 px wide and high, and none of it is beside the screen. */
    private static void assertFingersFit(ConsolePage page) {
        assertThat((List<?>) page.page().evaluate("""
                () => [...document.querySelectorAll('button, select, summary, input, #input, h1 a')]
                  .map((element) => [element.id || element.textContent, element.getBoundingClientRect(), element.closest('#keys')])
                  .filter(([, box]) => box.width > 0)
                  .filter(([, box, key]) => box.width < 44 || box.height < 44 || (!key && box.right > innerWidth))
                  .map(([name, box]) => `${name}: ${box.width} × ${box.height} px, to ${box.right}`)
                """)).isEmpty();
    }

    /** Goes forward, as often as it takes to get around the page once. */
    private static void tabTo(ConsolePage page, String target) {
        for (int n = 0; n < 40; n++) {
            page.page().keyboard().press("Tab");
            if ((Boolean) page.page().locator(target).evaluate("(e) => e === document.activeElement")) {
                return;
            }
        }
        throw new AssertionError("Tab does not get to " + target);
    }

    // ---- Where a key is wanted ----

    private static final String TOKEN = "the operator's token";
    private static TestNode closed;

    @BeforeAll
    static void start_closed() throws IOException {
        closed = TestNode.start(Map.of("http.anonymous", "false", "http.operator_token", TOKEN, "runner.slots", "1"));
    }

    @AfterAll
    static void stop_closed() throws IOException {
        closed.close();
    }

    /** Opens a page of the closed server, which answers its first requests with 401. */
    private ConsolePage openClosed(String path, Browser.NewContextOptions options) {
        ConsolePage page =
                openAt(closed.uri("/third-party.txt").toString(), options).withNetworkTrouble();
        page.page().navigate(closed.uri(path).toString());
        return page;
    }

    @Test
    void a_key_is_asked_for_once_and_kept_nowhere() throws Exception {
        String key = ApiKeysIT.keys(closed, 0, "add", "ann");
        ConsolePage page = openClosed("/", new Browser.NewContextOptions());
        Page window = page.page();
        Locator field = window.getByLabel("API key", new Page.GetByLabelOptions().setExact(true));
        assertThat(field).isFocused();
        assertThat(Axe.find(page, "asked for a key")).isEmpty();
        field.fill("onpy_wrong");
        field.press("Enter");
        assertThat(window.locator("#key-problem")).hasText("There is no such key, or its time is over.");
        assertThat(Axe.find(page, "after a wrong key")).isEmpty();
        field.press("Escape");
        assertThat(field).isHidden();

        page.writeAndRun("print('Hello,', input('Name? '))");
        field.fill(key);
        field.press("Enter");
        page.awaitWaiting("Name? ");
        page.type("Ada\n");
        page.awaitOutput("Name? Ada\nHello, Ada\n");
        assertThat(window.evaluate("id => fetch(`/v1/jobs/${id}/events`).then(r => r.status)", page.jobId()))
                .isEqualTo(200);
        window.reload();
        page.awaitOutput("Name? Ada\nHello, Ada\n");
        assertThat(field).isHidden();

        Cookie ticket = page.context().cookies().get(0);
        assertThat(ticket.httpOnly).isTrue();
        String secret = key.substring(key.length() - 64);
        assertThat((String) window.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}])"))
                .contains("onpyrunner.ticket")
                .doesNotContain(secret, ticket.value);
        assertThat(page.requests()).noneMatch(url -> url.contains(secret) || url.contains(ticket.value));

        // The ticket is over while the page is open.
        page.context().clearCookies();
        page.writeAndRun("print(1 + 1)");
        field.fill(key);
        field.press("Enter");
        page.awaitOutput("2\n");
        window.getByText("Sign out").click();
        assertThat(field).isFocused();
        assertThat(page.context().cookies()).isEmpty();
    }

    private static String submit(String source) throws Exception {
        HttpResponse<String> posted = closed.send(closed.request("/v1/jobs")
                .header("Authorization", "Bearer " + TOKEN)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(TestNode.JSON.writeValueAsString(
                        Map.of("source", source, "limits", Map.of("wall_ms", 60_000))))));
        assertThat(posted.statusCode()).as(posted.body()).isEqualTo(202);
        return TestNode.JSON.readTree(posted.body()).get("id").textValue();
    }

    private static Locator row(ConsolePage page, String table, String text) {
        return page.page().locator("#" + table + " tbody tr").filter(new Locator.FilterOptions().setHasText(text));
    }

    @Test
    void the_operator_sees_and_stops_what_runs() throws Exception {
        String job = submit("import time; time.sleep(60)");
        ConsolePage page = openClosed("/admin", laptop(ColorScheme.LIGHT, "en-GB"));
        Locator token = page.page().locator("#key");
        assertThat(token).isFocused();
        List<String> found = new ArrayList<>(Axe.find(page, "asked for the token"));
        token.fill("not it");
        token.press("Enter");
        assertThat(page.page().locator("#key-problem")).not().isEmpty();
        token.fill(TOKEN);
        token.press("Enter");
        Locator running = row(page, "running", job.substring(0, 10));
        assertThat(running).hasCount(1);
        assertThat(row(page, "nodes", "http, runner")).hasCount(1);
        found.addAll(Axe.find(page, "with a running job"));
        found.addAll(inTheDarkAndSmall(page));
        Locator stop = running.locator("button");
        stop.press("Enter");
        stop.press("Enter");
        assertThat(running).hasCount(0);
        assertThat(page.page().locator("#running")).isFocused();
        assertThat(status(job)).isEqualTo("CANCELLED");
        assertThat(found).isEmpty();
        assertThat((String) page.page().evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}])"))
                .doesNotContain(TOKEN);
    }

    @Test
    void a_node_that_drains_takes_no_jobs_until_it_is_to_take_them_again() throws Exception {
        ConsolePage page = openClosed("/admin", new Browser.NewContextOptions().setLocale("en-US"));
        page.page().locator("#key").fill(TOKEN);
        page.page().locator("#key").press("Enter");
        String before = submit("import time; time.sleep(60)");
        assertThat(row(page, "running", before.substring(0, 10))).hasCount(1);
        Locator node = row(page, "nodes", "http, runner");
        node.getByText("Drain").click();
        node.getByText("Really drain?").click();
        assertThat(node).containsText("drains");
        String job = submit("print(1)");
        // What ran goes on, and what comes waits, though there is a free slot then.
        row(page, "running", before.substring(0, 10)).getByText("Stop").click();
        row(page, "running", before.substring(0, 10)).getByText("Really stop?").click();
        assertThat(page.page().locator("#running tbody tr")).hasCount(0);
        assertThat(page.page().locator("#queue")).hasText(Pattern.compile("Waiting1.*Running0.*"));
        assertThat(status(job)).isEqualTo("QUEUED");
        node.getByText("Take jobs again").click();
        Await.until("the job has been run", () -> status(job).equals("DONE"));
        assertThat(node).containsText("takes jobs");
    }

    private static String status(String job) throws Exception {
        HttpResponse<String> response =
                closed.send(closed.request("/v1/jobs/" + job).header("Authorization", "Bearer " + TOKEN));
        return TestNode.JSON.readTree(response.body()).path("status").asText();
    }

    // ---- Languages ----

    /** All that is said, to the eye or to the ear; not what is in the program, the terminal or the row of keys. */
    private static final String TEXTS = """
            () => {
              const own = (element) => !element.closest('#editor, #terminal, #output, #announced, #keys, #input, #tabs, noscript, script');
              const said = [];
              const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
              while (walk.nextNode()) if (own(walk.currentNode.parentElement)) said.push(walk.currentNode.data);
              for (const element of document.body.querySelectorAll('[aria-label], [title], [placeholder], [alt]')) {
                if (!own(element)) continue;
                for (const name of ['aria-label', 'title', 'placeholder', 'alt']) said.push(element.getAttribute(name) ?? '');
              }
              return said.map((text) => text.trim()).filter((text) => /\\p{L}{2}/u.test(text));
            }
            """;

    private static final Pattern HANGUL = Pattern.compile("[가-힣]");
    private static final Set<String> SAME_IN_BOTH = Set.of("OnPyRunner", "API", "English", "한국어", "Ctrl+Enter");

    @Test
    void every_text_is_in_the_language_of_the_browser() {
        List<String> english = texts(open("/", new Browser.NewContextOptions().setLocale("en-US")));
        List<String> korean = texts(open("/", new Browser.NewContextOptions().setLocale("ko-KR")));
        assertThat(english).hasSizeGreaterThan(40);
        assertThat(korean).hasSameSizeAs(english);
        assertThat(without(SAME_IN_BOTH, english)).noneMatch(HANGUL.asPredicate());
        assertThat(without(SAME_IN_BOTH, korean)).allMatch(HANGUL.asPredicate());
    }

    private static List<String> without(Set<String> names, List<String> texts) {
        return texts.stream().filter(text -> !names.contains(text)).toList();
    }

    @SuppressWarnings("unchecked")
    private static List<String> texts(ConsolePage page) {
        assertThat(page.editor()).isVisible();
        return (List<String>) page.page().evaluate(TEXTS);
    }
}
