package dev.onpyrunner;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.ReducedMotion;
import com.microsoft.playwright.options.ScreenshotAnimations;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Takes the pictures of docs/: {@code ./onpyrunner test -Dit.test=Screenshots -Dtest=ArchitectureTest}. Its name keeps it out of the
 * suite: what it writes is committed.
 */
class Screenshots extends BrowserTest {
    private static final Path DOCS = Path.of("docs");

    Screenshots(TestNode node) {
        super(node);
    }

    private static Browser.NewContextOptions laptop() {
        return new Browser.NewContextOptions()
                .setViewportSize(1280, 800)
                .setReducedMotion(ReducedMotion.REDUCE)
                .setLocale("en-GB");
    }

    private static void take(ConsolePage page, String name) {
        page.page()
                .screenshot(new Page.ScreenshotOptions()
                        .setPath(DOCS.resolve(name + ".png"))
                        .setAnimations(ScreenshotAnimations.DISABLED));
    }

    private static void example(ConsolePage page, String title) {
        page.page().locator("#examples > summary").click();
        page.page().locator("#examples-list").getByText(title).click();
    }

    @Test
    void laptop_and_dark() {
        ConsolePage page = open("/", laptop());
        example(page, "Several files");
        page.run().click();
        page.awaitStatus("DONE");
        assertThat(page.page().locator(".xterm-rows")).containsText("Simple is better than complex.");
        take(page, "console");
        ConsolePage dark = open("/", laptop().setColorScheme(ColorScheme.DARK));
        example(dark, "An error");
        dark.run().click();
        dark.awaitStatus("DONE");
        assertThat(dark.page().locator(".xterm-rows")).containsText("ZeroDivisionError");
        take(dark, "console-dark");
    }

    @Test
    void waiting_for_input() {
        ConsolePage page = open("/", laptop());
        example(page, "Guess the number");
        page.run().click();
        for (int guess : new int[] {50, 0, 101}) {
            page.awaitWaiting("A number from 1 to 100: ");
            page.type(guess + "\n");
            page.awaitWaiting(guess + "\nToo ");
        }
        page.type("4");
        assertThat(page.page().locator(".xterm-rows > div").filter(new Locator.FilterOptions().setHasText(": 4")))
                .hasCount(1);
        take(page, "console-waiting");
        page.stop().click();
        page.awaitStatus("CANCELLED");
    }

    @Test
    void time_limit() {
        ConsolePage page = open("/", laptop());
        page.write("""
                # Which n has the longest road to 1?
                def steps(n):
                    count = 0
                    while n != 1:
                        n = n // 2 if n % 2 == 0 else 3 * n + 1
                        count += 1
                    return count


                best = 0
                n = 1
                while True:
                    if steps(n) > best:
                        best = steps(n)
                        print(f"{n}: {best} steps", flush=True)
                    n += 1
                """);
        page.run().click();
        page.awaitStatus("DONE");
        take(page, "console-limit");
    }

    @Test
    void on_a_phone() {
        ConsolePage page = open("/", phone().setDeviceScaleFactor(2).setLocale("en-GB"));
        page.run().tap();
        page.awaitWaiting("What is your name? ");
        page.page().locator("#line").tap();
        page.page().locator("#line").pressSequentially("Ada");
        take(page, "console-phone");
        page.stop().tap();
        page.awaitStatus("CANCELLED");
    }

    @Test
    void the_operators_page() throws Exception {
        String token = "the operator's token";
        TestNode busy = TestNode.start(Map.of("http.operator_token", token, "queue.timeout_ms", "3000"));
        opened.add(busy);
        for (int n = 0; n < 4; n++) {
            busy.submit(Map.of("source", "import time; time.sleep(60)", "limits", Map.of("wall_ms", 60_000)));
        }
        ConsolePage page = openAt(busy.uri("/admin").toString(), laptop());
        page.page().locator("#key").fill(token);
        page.page().locator("#key").press("Enter");
        assertThat(page.page().locator("#dead tbody tr")).hasCount(2);
        take(page, "admin");
    }

    @Test
    void cases() {
        ConsolePage page = open("/", laptop());
        page.write("""
                # The longest word of a line; the first one, if there are several.
                words = input().split()
                longest = words[0]
                for word in words:
                    if len(word) >= len(longest):
                        longest = word
                print(longest, len(longest))
                """);
        page.page().locator("#show-cases").click();
        Locator first = page.page().locator("#cases tbody textarea").first();
        PageAccessIT.paste(first, "a bbb cc\tbbb 3\none two six\tone 3\n\"\"\t0\nKim Lee Park\tPark 4\nall\t\n");
        page.page().locator("#cases-run").click();
        assertThat(page.page().locator("#cases-summary")).hasText("2 of 5 cases as expected, 2 not.");
        page.page().locator("#cases .verdict").nth(1).click();
        assertThat(page.page().locator(".printed ins")).hasCount(1);
        take(page, "cases");
    }
}
