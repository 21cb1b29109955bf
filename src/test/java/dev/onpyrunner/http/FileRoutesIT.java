package dev.onpyrunner.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.HandRunner;
import dev.onpyrunner.TestNode;
import dev.onpyrunner.job.Claim;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The files that a job hands back, over HTTP. */
@Timeout(60)
class FileRoutesIT {
    private static final Buffer BYTES = Buffer.buffer(new byte[] {0, (byte) 0xff, 13, 10, 0, (byte) 0x80});

    private static TestNode node;
    private static HandRunner runner;

    @BeforeAll
    static void start() throws IOException {
        node = TestNode.start(Map.of("roles", "http"));
        runner = new HandRunner(node);
    }

    @AfterAll
    static void stop() throws IOException {
        runner.close();
        node.close();
    }

    private static HttpResponse<byte[]> bytes(String path) throws Exception {
        return node.http().send(node.request(path).build(), BodyHandlers.ofByteArray());
    }

    private static String header(HttpResponse<?> response, String name) {
        return response.headers().firstValue(name).orElse(null);
    }

    private static JsonNode json(String body) throws IOException {
        return TestNode.JSON.readTree(body);
    }

    private static void problem(HttpResponse<String> response, int status, String slug) throws IOException {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        assertThat(header(response, "Content-Type")).isEqualTo("application/problem+json");
        assertThat(json(response.body()).get("type").textValue()).isEqualTo("/problems/" + slug);
    }

    @Test
    void every_file_is_in_the_job_and_its_url_gives_its_bytes() throws Exception {
        Map<String, Buffer> files = new LinkedHashMap<>();
        for (String path : List.of(
                "a.bin",
                "out/deep/er.txt",
                "a b+c&d=e?f#g%h;i",
                "%41%2F",
                "ä/😀",
                "a\nb\r\nSet-Cookie: x=1",
                "\"<b>'\\",
                ".hidden",
                "...",
                "x".repeat(255),
                "ä".repeat(127),
                "-",
                "*")) {
            files.put(path, Buffer.buffer(path).appendBuffer(BYTES));
        }
        String id = runner.run(files);
        JsonNode job = json(node.get("/v1/jobs/" + id).body());
        assertThat(job.get("files")).hasSize(files.size());
        for (JsonNode file : job.get("files")) {
            String path = file.get("path").textValue();
            HttpResponse<byte[]> response = bytes(file.get("url").textValue());
            assertThat(response.statusCode()).as(path).isEqualTo(200);
            assertThat(response.body()).as(path).isEqualTo(files.get(path).getBytes());
            assertThat(file.get("size_bytes").longValue()).isEqualTo(response.body().length);
            assertThat(header(response, "Content-Length")).isEqualTo(String.valueOf(response.body().length));
            assertThat(header(response, "Set-Cookie")).isNull();
        }
        assertThat(node.get("/v1/jobs/" + id + "/events").body())
                .contains(
                        "\"path\":\"out/deep/er.txt\",\"size_bytes\":21,\"media_type\":\"text/plain; charset=utf-8\"");
    }

    @Test
    void pictures_may_be_shown_and_nothing_else() throws Exception {
        Map<String, Buffer> files = new LinkedHashMap<>();
        List<String> shown = List.of("a.png", "a.JPG", "a.jpeg", "a.gif", "a.webp");
        List<String> saved = List.of(
                "a.svg", "a.html", "a.htm", "a.xhtml", "a.xml", "a.js", "a.mjs", "a.pdf", "a.txt", "a", "a.mht",
                "a.swf");
        shown.forEach(p -> files.put(p, BYTES));
        saved.forEach(p -> files.put(p, Buffer.buffer("<script>alert(1)</script>")));
        String id = runner.run(files);
        for (String path : files.keySet()) {
            HttpResponse<byte[]> response = bytes("/v1/jobs/" + id + "/files/" + path);
            assertThat(header(response, "Content-Disposition"))
                    .as(path)
                    .startsWith(shown.contains(path) ? "inline;" : "attachment;");
            assertThat(header(response, "Content-Security-Policy")).isEqualTo("sandbox; default-src 'none'");
            assertThat(header(response, "X-Content-Type-Options")).isEqualTo("nosniff");
            assertThat(header(response, "Cache-Control")).isEqualTo("no-store");
        }
        assertThat(header(bytes("/v1/jobs/" + id + "/files/a.svg"), "Content-Type"))
                .isEqualTo("image/svg+xml");
        assertThat(header(bytes("/v1/jobs/" + id + "/files/a.html"), "Content-Type"))
                .isEqualTo("text/html; charset=utf-8");
    }

    @Test
    void no_page_can_make_a_script_or_a_style_of_a_file() throws Exception {
        String id = runner.run(Map.of("a.js", BYTES));
        HttpRequest.Builder request = node.request("/v1/jobs/" + id + "/files/a.js");
        for (String use : List.of("script", "style", "worker", "serviceworker")) {
            problem(node.send(request.copy().header("Sec-Fetch-Dest", use)), 403, "forbidden");
        }
        for (String use : List.of("document", "image", "empty")) {
            assertThat(node.send(request.copy().header("Sec-Fetch-Dest", use)).statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void the_name_to_save_under_is_a_name_whatever_the_program_called_it() throws Exception {
        String id = runner.run(Map.of("d/ä \"x\"\n.txt", BYTES));
        String url = json(node.get("/v1/jobs/" + id).body()).at("/files/0/url").textValue();
        assertThat(header(bytes(url), "Content-Disposition"))
                .isEqualTo("attachment; filename=\"_ _x__.txt\"; filename*=UTF-8''%C3%A4%20%22x%22%0A.txt");
    }

    @Test
    void head_says_the_same_without_the_bytes() throws Exception {
        String id = runner.run(Map.of("a.png", BYTES, "empty", Buffer.buffer()));
        for (String path : List.of("a.png", "empty")) {
            HttpRequest.Builder request = node.request("/v1/jobs/" + id + "/files/" + path);
            HttpResponse<String> get = node.send(request.copy());
            HttpResponse<String> head = node.send(request.copy().method("HEAD", HttpRequest.BodyPublishers.noBody()));
            assertThat(head.statusCode()).isEqualTo(200);
            assertThat(head.body()).isEmpty();
            for (String name : List.of("Content-Type", "Content-Length", "Content-Disposition")) {
                assertThat(header(head, name)).as(name).isNotNull().isEqualTo(header(get, name));
            }
        }
    }

    @Test
    void sixteen_mib_come_whole() throws Exception {
        byte[] large = "0123456789abcdef".repeat(1 << 20).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        String id = runner.run(Map.of("large", Buffer.buffer(large)));
        assertThat(bytes("/v1/jobs/" + id + "/files/large").body()).isEqualTo(large);
    }

    @Test
    void what_a_reader_has_not_taken_when_the_job_is_removed_does_not_come() throws Exception {
        String id = runner.run(Map.of("large", Buffer.buffer(new byte[16 << 20])));
        try (Wire wire = Wire.to(node)) {
            wire.send("GET /v1/jobs/" + id + "/files/large HTTP/1.1|Host: localhost||");
            assertThat(wire.readHead().status()).isEqualTo(200);
            assertThat(node.send(node.request("/v1/jobs/" + id + "?purge=true").DELETE())
                            .statusCode())
                    .isEqualTo(204);
            long rest = wire.drain();
            assertThat(rest).isLessThan(16 << 20);
        }
    }

    @Test
    void a_file_that_was_not_handed_back_is_404() throws Exception {
        String id = runner.run(Map.of("a", BYTES, "d/e", BYTES));
        String files = "/v1/jobs/" + id + "/files";
        for (String path : List.of(
                "",
                "/",
                "/b",
                "/A",
                "/a/",
                "/a/b",
                "/d",
                "/d%2Fe",
                "/d%2fe",
                "/%00",
                "/a%00",
                "/%ff",
                "/..%2Fstdout",
                "/%2e%2e%2fspec",
                "/a%20",
                "/*",
                "/:file:a")) {
            problem(node.get(files + path), 404, "not-found");
        }
    }

    @Test
    void no_address_below_files_is_a_mistake_of_the_server() throws Exception {
        String id = runner.run(Map.of("a", BYTES));
        Map<String, Integer> paths = Map.of(
                "/%", 400,
                "/%4", 400,
                "/%zz", 400,
                "/a%", 400,
                "/../files/a", 200,
                "/./a", 200,
                "/%2e/a", 200,
                "/x/%2e%2e/a", 200,
                "/../../../../etc/passwd", 404,
                "/\\..\\a", 404);
        for (Map.Entry<String, Integer> e : paths.entrySet()) {
            try (Wire wire = Wire.to(node)) {
                Wire.Answer answer = wire.send(
                                "GET /v1/jobs/" + id + "/files" + e.getKey() + " HTTP/1.1|Host: localhost||")
                        .read();
                assertThat(answer.status()).as(e.getKey()).isEqualTo(e.getValue());
                if (answer.status() != 200) {
                    assertThat(answer.header("content-type")).isEqualTo("application/problem+json");
                }
            }
        }
    }

    @Test
    void before_the_end_it_says_so_and_after_the_jobs_time_it_is_gone() throws Exception {
        String id = node.submit(Map.of("source", "", "collect", List.of("a")));
        String url = "/v1/jobs/" + id + "/files/a";
        problem(node.get(url), 404, "not-found");
        assertThat(json(node.get(url).body()).get("detail").textValue()).contains("has not ended");
        Claim claim = runner.claim();
        assertThat(claim.spec().collect()).containsExactly("a");
        problem(node.get(url), 404, "not-found");
        runner.end(claim, Map.of("a", BYTES));
        assertThat(bytes(url).body()).isEqualTo(BYTES.getBytes());
        node.send(node.request("/v1/jobs/" + id + "?purge=true").DELETE());
        problem(node.get(url), 410, "gone");
    }

    @Test
    void another_method_is_405() throws Exception {
        HttpResponse<String> response = node.send(
                node.request("/v1/jobs/0-00000000000000000000000000/files/a/b").DELETE());
        problem(response, 405, "method-not-allowed");
        assertThat(header(response, "Allow")).isEqualTo("GET, HEAD");
    }

    @Test
    void the_request_is_kept_with_its_patterns() throws Exception {
        String id = node.submit(Map.of("source", "", "collect", List.of("*.png", "out/**")));
        runner.end(runner.claim(), Map.of());
        assertThat(json(node.get("/v1/jobs/" + id + "/spec").body()).get("collect"))
                .isEqualTo(json("[\"*.png\",\"out/**\"]"));
    }
}
