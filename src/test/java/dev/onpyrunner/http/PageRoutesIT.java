package dev.onpyrunner.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.onpyrunner.TestNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The page and its parts, each by its own name and as what it is. */
@ExtendWith(TestNode.class)
@Timeout(60)
class PageRoutesIT {
    private static final Path WEB = Path.of("src/main/resources/web");

    private static final Map<String, String> FILES =
            Map.of("", "index.html", "docs", "docs.html", "admin", "admin.html");

    private static final long MOST_BYTES = 200_000;

    private static HttpResponse<byte[]> get(TestNode node, String path, String... headers) throws Exception {
        HttpRequest.Builder request = node.request(path);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return node.http().send(request.build(), BodyHandlers.ofByteArray());
    }

    private static String header(HttpResponse<?> response, String name) {
        return response.headers().firstValue(name).orElse(null);
    }

    private static List<String> assets() throws IOException {
        try (var files = Files.list(WEB.resolve("assets"))) {
            return files.map(f -> f.getFileName().toString())
                    .filter(name -> !name.endsWith(".gz") && !name.endsWith(".br"))
                    .toList();
        }
    }

    /** Those that the page needs at once. */
    private static List<String> named(String page) {
        return Pattern.compile("\"/assets/([^\"]+)\"")
                .matcher(page)
                .results()
                .map(found -> found.group(1))
                .toList();
    }

    private static void assertGuarded(HttpResponse<?> response) {
        assertThat(header(response, "Content-Security-Policy"))
                .contains("default-src 'self'", "frame-ancestors 'none'")
                .doesNotContain("script-src");
        assertThat(header(response, "X-Content-Type-Options")).isEqualTo("nosniff");
    }

    @Test
    void what_may_change_is_asked_for_each_time(TestNode node) throws Exception {
        Map<String, String> types = Map.of(
                "", "text/html", "docs", "text/html", "favicon.svg", "image/svg+xml", "third-party.txt", "text/plain");
        for (Map.Entry<String, String> e : types.entrySet()) {
            String path = "/" + e.getKey();
            HttpResponse<byte[]> response = get(node, path);
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.body())
                    .as(path)
                    .isEqualTo(Files.readAllBytes(WEB.resolve(FILES.getOrDefault(e.getKey(), e.getKey()))));
            assertThat(header(response, "Content-Type")).isEqualTo(e.getValue() + "; charset=utf-8");
            assertThat(header(response, "Cache-Control")).isEqualTo("no-cache");
            assertGuarded(response);
            HttpResponse<byte[]> again = get(node, path, "If-None-Match", header(response, "ETag"));
            assertThat(again.statusCode()).isEqualTo(304);
            assertThat(again.body()).isEmpty();
        }
    }

    @Test
    void scripts_and_styles_are_kept_for_ever_under_names_of_their_content(TestNode node) throws Exception {
        assertThat(named(node.get("/").body())).hasSize(3).allMatch(assets()::contains);
        assertThat(named(node.get("/docs").body())).hasSize(2).allMatch(assets()::contains);
        for (String name : assets()) {
            HttpResponse<byte[]> response = get(node, "/assets/" + name);
            assertThat(response.body()).isEqualTo(Files.readAllBytes(WEB.resolve("assets/" + name)));
            assertThat(header(response, "Content-Type"))
                    .isEqualTo((name.endsWith(".js") ? "text/javascript" : "text/css") + "; charset=utf-8");
            assertThat(header(response, "Cache-Control")).isEqualTo("public, max-age=31536000, immutable");
            assertGuarded(response);
        }
        for (String none : List.of("app.js", "app-AAAAAAAA.js", "..%2findex.html", "%2e%2e/index.html")) {
            assertThat(get(node, "/assets/" + none).statusCode()).as(none).isEqualTo(404);
        }
    }

    @Test
    void the_whole_page_is_small_on_the_way(TestNode node) throws Exception {
        long bytes = get(node, "/favicon.svg").body().length;
        List<String> paths = new ArrayList<>(List.of("/"));
        named(node.get("/").body()).forEach(name -> paths.add("/assets/" + name));
        for (String path : paths) {
            byte[] plain = get(node, path).body();
            HttpResponse<byte[]> zipped = get(node, path, "Accept-Encoding", "br;q=0, gzip;q=0.5");
            assertThat(header(zipped, "Content-Encoding")).isEqualTo("gzip");
            assertThat(header(zipped, "Vary")).isEqualToIgnoringCase("Accept-Encoding");
            assertThat(new GZIPInputStream(new ByteArrayInputStream(zipped.body())).readAllBytes())
                    .isEqualTo(plain);
            HttpResponse<byte[]> small = get(node, path, "Accept-Encoding", "gzip, deflate, br, zstd");
            assertThat(header(small, "Content-Encoding")).isEqualTo("br");
            assertThat(small.body().length).isLessThan(zipped.body().length);
            bytes += small.body().length;
        }
        assertThat(bytes).isLessThan(MOST_BYTES);
    }
}
