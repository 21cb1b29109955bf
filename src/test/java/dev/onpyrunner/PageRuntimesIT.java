package dev.onpyrunner;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Locator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which Python runs the program: the choice on the page. */
class PageRuntimesIT extends BrowserTest {
    private static final String LUCKY = "python3-lucky";

    /** Jails run as users of their own. */
    @TempDir
    private static Path folder;

    private static TestNode own;

    PageRuntimesIT(TestNode node) {
        super(node);
    }

    @BeforeAll
    static void start_a_node_with_luck() throws IOException {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path packages = Files.createDirectories(folder.resolve(LUCKY).resolve("packages"));
        Files.writeString(packages.resolve("lucky_number.py"), "value = 13\n");
        Files.createDirectories(packages.resolve("lucky_number-2.5.dist-info"));
        Files.writeString(folder.resolve(LUCKY).resolve("runtime.json"), "{\"description\": \"With luck.\"}");
        own = TestNode.start(Map.of("runner.runtimes_dir", folder.toString()));
    }

    @AfterAll
    static void stop_it() throws IOException {
        own.close();
    }

    private static Locator choice(ConsolePage page) {
        return page.page().locator("#runtime");
    }

    private static Locator runWith(ConsolePage page) {
        return page.page().locator("#run-with");
    }

    @Test
    void with_one_runtime_there_is_nothing_to_choose() {
        ConsolePage page = open("/");
        page.page().waitForResponse("**/v1/runtimes", () -> page.page().reload());
        page.writeAndRun("import lucky_number");
        page.awaitStatus("DONE");
        assertThat(choice(page)).isHidden();
        assertThat(runWith(page)).isHidden();
    }

    @Test
    void the_runtime_that_has_a_missing_module_is_one_press_away_and_the_choice_is_kept() throws Exception {
        String home = own.uri("/").toString();
        ConsolePage page = openAt(home, new Browser.NewContextOptions().setLocale("en-GB"));
        String standard = choice(page).inputValue();
        assertThat(choice(page).locator("option")).hasText(new String[] {standard, LUCKY});
        page.writeAndRun("import lucky_number\nprint(lucky_number.value)");
        page.awaitStatus("DONE");
        assertThat(page.page().locator("#state-detail"))
                .hasText("The module lucky_number is in the runtime " + LUCKY + ".");
        assertThat(runWith(page)).hasText("Run with " + LUCKY);
        assertThat(Axe.find(page, "with a better runtime")).isEmpty();
        String first = page.jobId();
        runWith(page).click();
        page.awaitOutput("13\n");
        page.awaitStatus("DONE");
        assertThat(runWith(page)).isHidden();
        assertThat(choice(page)).hasValue(LUCKY);
        assertThat(page.run()).isFocused();
        // Its address is all that another one needs.
        ConsolePage other = openAt(home + "#" + page.jobId(), new Browser.NewContextOptions());
        assertThat(choice(other)).hasValue(LUCKY);
        other.page().navigate(home);
        assertThat(choice(other)).hasValue(standard);
        choice(other).selectOption(LUCKY);
        other.page().reload();
        assertThat(choice(other)).hasValue(LUCKY);
        other.write("import lucky_number\nprint(lucky_number.value, 'again')");
        other.page().keyboard().press("Control+Enter");
        other.awaitOutput("13 again\n");
        other.page().navigate(home + "#" + first);
        assertThat(choice(other)).hasValue(standard);
    }

    @Test
    void what_each_runtime_has_is_told_also_on_a_phone_in_korean() throws Exception {
        String home = own.uri("/").toString();
        for (Browser.NewContextOptions options : List.of(new Browser.NewContextOptions(), phone().setLocale("ko-KR"))) {
            ConsolePage page = openAt(home, options);
            choice(page).selectOption(LUCKY);
            assertThat(choice(page)).hasAttribute("title", Pattern.compile("^With luck\\.\n.*lucky-number 2\\.5"));
            Locator about = page.page().locator("#runtimes summary");
            about.press("Enter");
            assertThat(page.page().locator("#runtimes > div")).isInViewport(PageAccessIT.WHOLE);
            assertThat(page.page().locator("#runtime-list dt")).hasCount(2);
            assertThat(page.page().locator("#runtime-list")).containsText("lucky-number 2.5");
            assertThat(Axe.find(page, "with the runtimes")).isEmpty();
            PageAccessIT.assertNothingIsBeside(page);
            about.press("Escape");
            assertThat(page.page().locator("#runtime-list")).isHidden();
            page.write("import lucky_number, time\nprint(lucky_number.value, flush=True)\ntime.sleep(9)");
            page.run().click();
            page.awaitWhileRunning("13");
            assertThat(page.stop()).isInViewport(PageAccessIT.WHOLE);
            page.stop().click();
            page.awaitStatus("CANCELLED");
        }
    }
}
