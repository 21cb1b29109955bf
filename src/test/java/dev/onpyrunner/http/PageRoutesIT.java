package dev.onpyrunner.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.onpyrunner.TestNode;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The page and its parts, each by its own name and as what it is. */
@ExtendWith(TestNode.class)
@Timeout(60)
class PageRoutesIT {
    private static final Path WEB = Path.of("src/main/resources/web");

    @Test
    void each_file_of_the_page_is_served_as_what_it_is(TestNode node) throws Exception {
        Map<String, String> types = Map.of(
                "index.html", "text/html",
                "app.js", "text/javascript",
                "app.css", "text/css",
                "favicon.svg", "image/svg+xml",
                "third-party.txt", "text/plain");
        try (var files = Files.list(WEB)) {
            assertThat(files.map(f -> f.getFileName().toString())).containsExactlyInAnyOrderElementsOf(types.keySet());
        }
        for (Map.Entry<String, String> e : types.entrySet()) {
            String path = e.getKey().equals("index.html") ? "/" : "/" + e.getKey();
            HttpResponse<String> response = node.get(path);
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.body()).as(path).isEqualTo(Files.readString(WEB.resolve(e.getKey())));
            assertThat(response.headers().firstValue("Content-Type")).contains(e.getValue() + "; charset=utf-8");
            assertThat(response.headers().firstValue("Cache-Control")).contains("no-cache");
            assertThat(response.headers().firstValue("Content-Security-Policy").orElse(""))
                    .contains("default-src 'self'")
                    .contains("frame-ancestors 'none'");
            assertThat(response.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
        }
    }
}
