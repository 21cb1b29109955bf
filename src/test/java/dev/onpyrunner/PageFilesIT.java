package dev.onpyrunner;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Download;
import com.microsoft.playwright.JSHandle;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.FilePayload;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Files on the page: the reader's own that go along with a program, and what a program hands back. */
class PageFilesIT extends BrowserTest {
    private static final String LIST = """
            import os
            for name in sorted(os.listdir(".")):
                print(name, os.path.getsize(name), open(name, "rb").read(4))
            """;

    PageFilesIT(TestNode node) {
        super(node);
    }

    private static void upload(ConsolePage page, FilePayload... files) {
        page.page().locator("#file-chooser").setInputFiles(files);
    }

    private static FilePayload file(String name, byte[] content) {
        return new FilePayload(name, "application/octet-stream", content);
    }

    private static void drop(ConsolePage page, String name, String content) {
        drop(page, "([name, content]) => new File([content], name)", List.of(name, content));
    }

    private static void dropBytes(ConsolePage page, String name, int size) {
        drop(page, "([name, size]) => new File([new Uint8Array(size)], name)", List.of(name, size));
    }

    private static void drop(ConsolePage page, String file, List<?> of) {
        String transfer = "(of) => { const all = new DataTransfer(); all.items.add((" + file + ")(of)); return all; }";
        JSHandle dropped = page.page().evaluateHandle(transfer, of);
        for (String type : List.of("dragenter", "dragover", "drop")) {
            page.editor().dispatchEvent(type, Map.of("dataTransfer", dropped));
        }
    }

    private static Locator attached(ConsolePage page) {
        return page.page().locator("#attached li");
    }

    private static Locator tabs(ConsolePage page) {
        return page.page().locator("#tabs [role=tab]");
    }

    // ---- In ----

    @Test
    void text_is_edited_and_bytes_go_along_and_both_are_there_again() {
        ConsolePage page = open("/");
        page.write(LIST);
        upload(page, file("data.csv", "a,b\n".getBytes(UTF_8)), file("dos.txt", "a\r\n".getBytes(UTF_8)));
        upload(
                page,
                file("photo.bin", new byte[] {0, -1, 1}),
                file("long.txt", "x".repeat(70_000).getBytes(UTF_8)));
        assertThat(tabs(page)).hasText(new String[] {"main.py", "data.csv"});
        assertThat(attached(page)).hasText(new String[] {"dos.txt3 B✕", "photo.bin3 B✕", "long.txt68 kB✕"});
        assertThat(Axe.find(page, "with files that go along")).isEmpty();
        page.run().click();
        page.awaitOutput("data.csv 4 b'a,b\\n'\ndos.txt 3 b'a\\r\\n'\nlong.txt 70000 b'xxxx'\nmain.py " + LIST.length()
                + " b'impo'\nphoto.bin 3 b'\\x00\\xff\\x01'\n");
        ConsolePage other = open("/#" + page.jobId());
        assertThat(attached(other)).hasText(new String[] {"dos.txt3 B✕", "photo.bin3 B✕", "long.txt68 kB✕"});
        assertThat(tabs(other)).hasText(new String[] {"main.py", "data.csv"});
        Locator remove = attached(other).nth(2).locator("button");
        assertThat(remove).hasAttribute("aria-label", "Remove long.txt");
        remove.press("Enter");
        assertThat(attached(other)).hasCount(2);
        assertThat(other.page().locator("#edited")).isVisible();
        other.page().keyboard().press("Enter"); // the focus is on Undo
        assertThat(attached(other)).hasCount(3);
        assertThat(other.page().locator("#edited")).isHidden();
        attached(other).nth(0).locator("button").click();
        other.page().reload();
        assertThat(attached(other)).hasText(new String[] {"photo.bin3 B✕", "long.txt68 kB✕"});
    }

    @Test
    void a_file_is_dropped_anywhere_and_one_of_the_same_name_gives_way() {
        ConsolePage page = open("/", phone());
        page.write("import shapes\nprint(shapes.AREA)");
        drop(page, "shapes.py", "AREA = 5\n");
        assertThat(page.page().locator("#tab-current")).hasText("shapes.py");
        assertThat(page.page().locator("#file-undo")).containsText("1 file was added.");
        PageAccessIT.assertNothingIsBeside(page);
        drop(page, "shapes.py", "AREA = 6\n");
        assertThat(page.editor()).hasText("AREA = 6");
        assertThat(tabs(page)).hasCount(2);
        drop(page, "main.py", "print('another program')\n");
        assertThat(page.editor()).hasText("print('another program')");
        page.page().locator("#file-undo-button").click();
        tabs(page).nth(0).click();
        assertThat(page.program()).isEqualTo("import shapes\nprint(shapes.AREA)");
        page.run().click();
        page.awaitOutput("6\n");
    }

    @Test
    void what_is_too_much_is_told_before_it_is_sent() {
        ConsolePage page = open("/");
        page.page().waitForResponse("**/v1/limits", () -> page.page().reload());
        Locator problem = page.page().locator("#upload-problem");
        dropBytes(page, "huge.bin", 9 << 20);
        assertThat(problem).hasText("The program with its files has 9 MB, and 8 MB are allowed.");
        dropBytes(page, "main.py", 1);
        assertThat(problem).hasText("main.py is the program, and this file is no text that Python could run.");
        assertThat(attached(page)).hasCount(0);
        assertThat(page.editor()).containsText("Hello");
        dropBytes(page, "large.bin", 8 << 20);
        assertThat(problem).hasText("The program with its files has 8 MB, and 8 MB are allowed.");
        page.input().evaluate("(e) => (e.value = '가'.repeat(3e6))");
        page.run().click();
        assertThat(page.problem()).hasText("The input has 8.6 MB, and 8 MB are allowed.");
        assertThat(page.requests()).noneMatch(url -> url.endsWith("/v1/jobs"));
    }

    // ---- Out ----

    @Test
    void pictures_and_tables_are_shown_in_order_below_the_output() throws Exception {
        String id = node.run(
                        Map.of("source", """
                        import base64
                        picture = base64.b64decode("%s")
                        for name in "b.png", "d.png":
                            open(name, "wb").write(picture)
                        open("a.svg", "w").write('<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30"/>')
                        open("c.html", "w").write("<table><tr><td>17<tr><td>18</table>")
                        open("e.png", "w").write("no picture")
                        open("f.html", "w").write("x" * 600_000)
                        open("g.csv", "w").write("a,b\\n")
                        """.formatted(PageIT.PIXEL), "collect", List.of("*.*g", "*.html", "*.csv")))
                .get("id")
                .textValue();
        for (Browser.NewContextOptions options : List.of(new Browser.NewContextOptions(), phone().setLocale("ko-KR"))) {
            ConsolePage page = open("/#" + id, options);
            Locator gallery = page.page().locator("#gallery > *");
            assertThat(gallery).hasCount(5);
            for (String name : List.of("a.svg", "b.png", "d.png")) {
                Locator picture = page.page().getByAltText(name);
                picture.scrollIntoViewIfNeeded();
                page.page()
                        .waitForCondition(() -> (Boolean) picture.evaluate("(e) => e.complete && e.naturalWidth > 0"));
            }
            Locator table = page.page().locator("iframe");
            assertThat(table).hasCount(1);
            assertThat(table).hasAttribute("title", "c.html");
            assertThat(table).hasAttribute("sandbox", "");
            assertThat(page.page().frameLocator("iframe").locator("td")).hasText(new String[] {"17", "18"});
            assertThat(
                            (List<?>)
                                    gallery.evaluateAll(
                                            "(all) => all.map((e) => e.querySelector('img')?.alt ?? e.dataset.path ?? e.textContent[0])"))
                    .isEqualTo(List.of("a.svg", "b.png", "c.html", "d.png", "e"));
            assertThat(gallery.nth(4)).containsText("e.png");
            assertThat(Axe.find(page, "with pictures")).isEmpty();
            PageAccessIT.assertNothingIsBeside(page);
            Page picture = page.context()
                    .waitForPage(() -> page.page().getByAltText("b.png").click());
            picture.waitForLoadState();
            assertThat(picture.evaluate("() => document.images[0].naturalWidth"))
                    .isEqualTo(1);
            assertThat(page.files()).hasCount(7);
            for (int n : new int[] {1, 6}) {
                Download saved = page.page()
                        .waitForDownload(() ->
                                page.files().nth(n).getByRole(AriaRole.LINK).click());
                assertThat(saved.suggestedFilename()).isEqualTo(n == 1 ? "b.png" : "g.csv");
                assertThat(Files.size(saved.path()))
                        .isEqualTo(n == 1 ? Base64.getDecoder().decode(PageIT.PIXEL).length : 4);
            }
        }
    }

    @Test
    void nothing_in_a_hostile_file_runs_or_asks_anybody_for_anything() throws Exception {
        try (ServerSocket home = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            String address = "http://127.0.0.1:" + home.getLocalPort();
            Path folder = Path.of("src/test/resources/hostile-page");
            String html = Files.readString(folder.resolve("bad.html")).replace("HOME", address);
            String svg = Files.readString(folder.resolve("bad.svg")).replace("HOME", address);
            String id = node.run(Map.of(
                            "source",
                            "pass",
                            "files",
                            List.of(
                                    Map.of("path", "bad.html", "content", html),
                                    Map.of("path", "bad.svg", "content", svg)),
                            "collect",
                            List.of("bad.*")))
                    .get("id")
                    .textValue();
            ConsolePage page = open("/").withRefusals();
            page.page().navigate(node.uri("/#" + id).toString());
            page.page().frameLocator("iframe").getByText("it is shown").waitFor();
            Locator picture = page.page().getByAltText("bad.svg");
            page.page().waitForCondition(() -> (Boolean) picture.evaluate("(e) => e.complete && e.naturalWidth > 0"));
            for (String pressed : List.of("a link", "a script")) {
                page.page().frameLocator("iframe").getByText(pressed).click();
            }
            // The same file as a page of its own, as who has its address could open it: it is saved instead.
            String url = TestNode.JSON
                    .readTree(node.get("/v1/jobs/" + id).body())
                    .at("/files/1/url")
                    .textValue();
            Page own = page.context().newPage();
            Download saved = own.waitForDownload(() ->
                    own.evaluate("(url) => { location = url; }", node.uri(url).toString()));
            assertThat(saved.suggestedFilename()).isEqualTo("bad.svg");
            page.page().frameLocator("iframe").getByText("it is shown").waitFor();
            assertThat(page.page().evaluate("() => window.owned")).isNull();
            assertThat(page.page()).hasURL(node.uri("/#" + id).toString());
            home.setSoTimeout(1);
            assertThatExceptionOfType(SocketTimeoutException.class)
                    .as("nobody has connected")
                    .isThrownBy(home::accept);
        }
    }
}
