package dev.onpyrunner;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.ColorScheme;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
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
