package dev.onpyrunner.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.onpyrunner.Await;
import dev.onpyrunner.TestNode;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Whatever goes wrong is answered as a problem, in the same form and with the status that the contract names. */
@ExtendWith(TestNode.class)
@Timeout(90)
class ProblemsIT {
    private static final String NEVER = "/v1/jobs/0-00000000000000000000000000";
    private static final String JSON = "application/json";
    private static final int MIB = 1024 * 1024;

    /** Checks the form that all problems share, and hands on the body. */
    private static JsonNode problem(HttpResponse<String> response, int status, String slug) throws IOException {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        assertThat(header(response, "Content-Type")).isEqualTo("application/problem+json");
        assertThat(header(response, "X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(header(response, "X-Request-Id")).isNotBlank();
        String path = response.uri().getRawPath();
        return checked(response.body(), status, slug, path);
    }

    private static JsonNode checked(String body, int status, String slug, String instance) throws IOException {
        JsonNode problem = TestNode.JSON.readTree(body);
        assertThat(problem.get("status").intValue()).isEqualTo(status);
        assertThat(problem.get("type").textValue()).isEqualTo("/problems/" + slug);
        assertThat(problem.get("title").textValue()).isNotBlank();
        assertThat(problem.get("instance").textValue()).isEqualTo(instance);
        assertThat(problem.get("detail").textValue())
                .matches("(?s)\\S.*[.]")
                .doesNotContain("`")
                .doesNotContain("com.fasterxml")
                .doesNotContain("io.vertx")
                .doesNotContain("Exception");
        return problem;
    }

    private static JsonNode problem(Wire.Answer answer, int status, String slug, String instance) throws IOException {
        assertThat(answer.status()).as(answer.head()).isEqualTo(status);
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(answer.header("X-Request-Id")).isNotBlank();
        return checked(answer.body(), status, slug, instance);
    }

    private static String header(HttpResponse<?> response, String name) {
        return response.headers().firstValue(name).orElse(null);
    }

    private static List<String> pointers(JsonNode problem) {
        return StreamSupport.stream(problem.path("errors").spliterator(), false)
                .map(e -> {
                    assertThat(e.get("detail").textValue()).isNotBlank();
                    return e.get("pointer").textValue();
                })
                .toList();
    }

    private static JsonNode refused(TestNode node, Object body, int status, String slug) throws Exception {
        return problem(node.post("", body), status, slug);
    }

    @TestFactory
    Stream<DynamicTest> a_body_that_is_not_a_json_object_is_400(TestNode node) {
        Map<String, String> bodies = Map.ofEntries(
                Map.entry("nothing", ""),
                Map.entry("blank", "  \n"),
                Map.entry("words", "hello"),
                Map.entry("cut off", "{\"source\":\"print(1)\""),
                Map.entry("duplicate field", "{\"source\":\"1\",\"source\":\"2\"}"),
                Map.entry("duplicate field deep down", "{\"source\":\"1\",\"env\":{\"A\":\"1\",\"A\":\"2\"}}"),
                Map.entry("garbage after it", "{\"source\":\"1\"} x"),
                Map.entry("a second object", "{\"source\":\"1\"}{}"),
                Map.entry("a list", "[]"),
                Map.entry("a text", "\"print(1)\""),
                Map.entry("null", "null"),
                Map.entry("not a number", "{\"source\":\"1\",\"priority\":NaN}"),
                Map.entry("a comment", "{/* x */\"source\":\"1\"}"),
                Map.entry("single quotes", "{'source':'1'}"),
                Map.entry("a comma too many", "{\"source\":\"1\",}"),
                Map.entry("a bare line end", "{\"source\":\"1\n2\"}"),
                Map.entry("very deep", "{\"source\":" + "[".repeat(100_000)),
                Map.entry("a very long number", "{\"source\":\"1\",\"priority\":" + "1".repeat(100_000) + "}"));
        return bodies.entrySet().stream()
                .map(e -> DynamicTest.dynamicTest(e.getKey(), () -> refused(node, e.getValue(), 400, "bad-request")));
    }

    @Test
    void json_is_utf_8_and_nothing_else(TestNode node) throws Exception {
        byte[] latin1 = "{\"source\":\"print('ü')\"}".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
        byte[] utf16 = "{\"source\":\"print(1)\"}".getBytes(java.nio.charset.StandardCharsets.UTF_16LE);
        for (byte[] body : List.of(latin1, utf16)) {
            problem(
                    node.send(node.request("/v1/jobs")
                            .header("Content-Type", JSON)
                            .POST(BodyPublishers.ofByteArray(body))),
                    400,
                    "bad-request");
        }
    }

    @TestFactory
    Stream<DynamicTest> a_bad_wait_is_400(TestNode node) {
        return Stream.of("", "x", "-1", "1.5", "1e3", "%20", "+5", "%zz").flatMap(wait -> {
            // The client refuses to send what is not a URI.
            DynamicTest get = DynamicTest.dynamicTest("get " + wait, () -> {
                try (Wire wire = Wire.to(node)) {
                    wire.send("GET " + NEVER + "?wait=" + wait + " HTTP/1.1|Host: localhost||");
                    problem(wire.read(), 400, "bad-request", NEVER);
                }
            });
            DynamicTest post = DynamicTest.dynamicTest("post " + wait, () -> {
                try (Wire wire = Wire.to(node)) {
                    wire.send("POST /v1/jobs?wait=" + wait
                            + " HTTP/1.1|Host: localhost|Content-Type: text/x-python|"
                            + "Content-Length: 1||1");
                    problem(wire.read(), 400, "bad-request", "/v1/jobs");
                }
            });
            return Stream.of(get, post);
        });
    }

    @Test
    void a_bad_header_or_parameter_is_400(TestNode node) throws Exception {
        for (String prefer : List.of("wait=x", "wait=", "respond-async, wait=-3")) {
            problem(node.send(node.request(NEVER).header("Prefer", prefer)), 400, "bad-request");
        }
        for (String key : List.of("", " ", "k".repeat(256))) {
            problem(
                    node.send(node.request("/v1/jobs")
                            .header("Content-Type", "text/x-python")
                            .header("Idempotency-Key", key)
                            .POST(BodyPublishers.ofString("print(1)"))),
                    400,
                    "bad-request");
        }
        problem(node.send(node.request(NEVER + "?purge=perhaps").DELETE()), 400, "bad-request");
        for (String id : List.of("x", "1", "1-", "-1-2", "1-2-3", "99999999999999999999-1")) {
            problem(node.get(NEVER + "/events?after=" + id), 400, "bad-request");
            problem(node.send(node.request(NEVER + "/events").header("Last-Event-ID", id)), 400, "bad-request");
        }
    }

    @Test
    void what_is_not_there_is_404(TestNode node) throws Exception {
        for (String path : List.of(
                "/nothing",
                "/v1",
                "/v1/",
                "/v1/job",
                "/v2/jobs",
                "/index.html",
                "/app.jsx",
                "/problems/no-such-problem",
                "/problems/",
                "/v1/jobs/x",
                "/v1/jobs/0-short",
                "/v1/jobs/0-0000000000000000000000000O",
                "/v1/jobs/00-00000000000000000000000000",
                "/v1/jobs/99999-00000000000000000000000000",
                "/v1/jobs/999-00000000000000000000000000",
                "/v1/jobs/%00",
                NEVER,
                NEVER + "/",
                NEVER + "/stdout",
                NEVER + "/stderr",
                NEVER + "/spec",
                NEVER + "/events",
                NEVER + "/nothing",
                NEVER + "/files",
                NEVER + "/files/x",
                NEVER + "/files/x/y%2Fz",
                NEVER + "%2fstdout",
                NEVER + "?wait=20")) {
            problem(node.get(path), 404, "not-found");
        }
        for (String id : List.of("x", "999-00000000000000000000000000", NEVER.substring("/v1/jobs/".length()))) {
            problem(node.send(node.request("/v1/jobs/" + id).DELETE()), 404, "not-found");
            problem(node.get("/v1/jobs/" + id + "/spec"), 404, "not-found");
        }
        problem(node.send(node.request(NEVER + "?purge=true").DELETE()), 404, "not-found");
    }

    @TestFactory
    Stream<DynamicTest> no_path_leads_out_of_the_page(TestNode node) {
        return Stream.of(
                        "/../../etc/passwd",
                        "/..%2f..%2fetc/passwd",
                        "/%2e%2e/%2e%2e/etc/passwd",
                        "/web/../lua/accept.lua",
                        "/lua/accept.lua",
                        "/..%5c..%5cconf/onpyrunner.json",
                        "/conf/onpyrunner.json",
                        "//etc/passwd",
                        "/app.js/../../conf/onpyrunner.json",
                        "/logback.xml",
                        "/.hidden")
                .map(path -> DynamicTest.dynamicTest(path, () -> {
                    try (Wire wire = Wire.to(node)) {
                        problem(
                                wire.send("GET " + path + " HTTP/1.1|Host: localhost||")
                                        .read(),
                                404,
                                "not-found",
                                path);
                    }
                }));
    }

    @Test
    void another_method_is_405_with_those_that_work(TestNode node) throws Exception {
        Map<String, String> allow = Map.of(
                "/v1/jobs",
                "POST",
                "/v1/jobs/",
                "POST",
                NEVER,
                "DELETE, GET, HEAD",
                NEVER + "/stdout",
                "GET, HEAD",
                NEVER + "/events",
                "GET, HEAD",
                NEVER + "/console",
                "GET",
                "/healthz",
                "GET, HEAD",
                "/openapi.yaml",
                "GET, HEAD",
                "/problems/gone",
                "GET, HEAD",
                "/",
                "GET, HEAD");
        for (Map.Entry<String, String> e : allow.entrySet()) {
            for (String method : List.of("PUT", "PATCH", "OPTIONS", "BREW")) {
                HttpResponse<String> response =
                        node.send(node.request(e.getKey()).method(method, BodyPublishers.ofString("{}")));
                problem(response, 405, "method-not-allowed");
                assertThat(header(response, "Allow")).isEqualTo(e.getValue());
            }
        }
        problem(node.get("/v1/jobs"), 405, "method-not-allowed");
        problem(node.send(node.request("/healthz").DELETE()), 405, "method-not-allowed");
    }

    @Test
    void an_accept_that_cannot_be_met_is_406(TestNode node) throws Exception {
        String id = node.run("print(1)").get("id").textValue();
        String path = "/v1/jobs/" + id;
        for (String each : List.of(path, path + "/spec", path + "/stdout", path + "/stderr", path + "/events")) {
            problem(node.send(node.request(each).header("Accept", "image/png")), 406, "not-acceptable");
        }
        problem(
                node.send(node.request("/v1/jobs")
                        .header("Accept", "text/html")
                        .header("Content-Type", JSON)
                        .POST(BodyPublishers.ofString("{}"))),
                406,
                "not-acceptable");
        for (String good : List.of("*/*", "application/*", "text/html, application/json;q=0.1")) {
            assertThat(node.send(node.request(path).header("Accept", good)).statusCode())
                    .as(good)
                    .isEqualTo(200);
        }
        assertThat(node.send(node.request(path + "/stdout").header("Accept", "text/plain, */*"))
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void what_is_over_a_cap_is_413(TestNode node) throws Exception {
        String over = "#".repeat(8 * MIB + 1);
        HttpResponse<String> program = node.send(
                node.request("/v1/jobs").header("Content-Type", "text/x-python").POST(BodyPublishers.ofString(over)));
        problem(program, 413, "too-large");
        assertThat(pointers(refused(node, Map.of("source", over), 413, "too-large")))
                .containsExactly("/files");
        assertThat(pointers(refused(node, Map.of("source", "1", "stdin", over), 413, "too-large")))
                .containsExactly("/stdin");
        String encoded = Base64.getEncoder().encodeToString(new byte[8 * MIB + 1]);
        assertThat(pointers(refused(node, Map.of("source", "1", "stdin_base64", encoded), 413, "too-large")))
                .containsExactly("/stdin_base64");
        ArrayNode files = TestNode.JSON.createArrayNode();
        for (int i = 0; i < 257; i++) {
            files.add(TestNode.JSON.createObjectNode().put("path", "f" + i).put("content", ""));
        }
        assertThat(pointers(refused(node, Map.of("source", "1", "files", files), 413, "too-large")))
                .containsExactly("/files");
        assertThat(pointers(refused(
                        node,
                        Map.of("source", "1", "args", List.of("x", "y".repeat(32_769), "ü".repeat(16_385))),
                        413,
                        "too-large")))
                .containsExactly("/args/1", "/args/2");
        assertThat(pointers(refused(
                        node, Map.of("source", "1", "env", Map.of("A/B", "y".repeat(32_769))), 413, "too-large")))
                .containsExactly("/env/A~1B");
        refused(node, Map.of("source", "1", "env", Map.of("N".repeat(60_000), "")), 413, "too-large");
        refused(node, Map.of("source", "1", "args", java.util.Collections.nCopies(129, "x")), 413, "too-large");
        refused(node, Map.of("source", "#".repeat(25_000_000)), 413, "too-large");
        assertThat(node.post("", Map.of("source", "1", "args", List.of("y".repeat(32_768))))
                        .statusCode())
                .isEqualTo(202);
    }

    @Test
    void a_body_over_the_cap_is_413_before_it_is_read(TestNode node) throws Exception {
        try (Wire wire = Wire.to(node)) {
            wire.send("POST /v1/jobs HTTP/1.1|Host: localhost|Content-Type: application/json|"
                    + "Content-Length: 99999999||{");
            problem(wire.read(), 413, "too-large", "/v1/jobs");
        }
        try (Wire wire = Wire.to(node)) {
            wire.send(
                    "POST /v1/jobs HTTP/1.1|Host: localhost|Content-Type: application/json|Transfer-Encoding: chunked||");
            String chunk = "100000\r\n" + " ".repeat(MIB) + "\r\n";
            for (int i = 0; i < 33; i++) {
                wire.sendRaw(chunk);
            }
            problem(wire.read(), 413, "too-large", "/v1/jobs");
        }
    }

    @Test
    void an_expectation_that_nobody_knows_is_417(TestNode node) throws Exception {
        try (Wire wire = Wire.to(node)) {
            wire.send(
                    "POST /v1/jobs HTTP/1.1|Host: localhost|Content-Type: text/x-python|Content-Length: 1|Expect: tea||1");
            JsonNode problem = problem(wire.read(), 417, "expectation-failed", "/v1/jobs");
            assertThat(problem.get("detail").textValue()).contains("100-continue");
        }
    }

    @Test
    void another_media_type_is_415_with_those_that_work(TestNode node) throws Exception {
        for (String type : List.of(
                "text/plain",
                "application/x-www-form-urlencoded",
                "multipart/mixed; boundary=x",
                "application/json5",
                "text/x-python3",
                "application/*",
                "nonsense")) {
            HttpResponse<String> response = node.send(node.request("/v1/jobs")
                    .header("Content-Type", type)
                    .POST(BodyPublishers.ofString("{\"source\":\"1\"}")));
            problem(response, 415, "unsupported-media-type");
            assertThat(header(response, "Accept")).isEqualTo("application/json, multipart/form-data, text/x-python");
        }
        problem(node.send(node.request("/v1/jobs").POST(BodyPublishers.ofString("{}"))), 415, "unsupported-media-type");
    }

    @Test
    void all_that_is_wrong_is_said_at_once(TestNode node) throws Exception {
        JsonNode problem = refused(node, """
                {"sorce": "print(1)", "files": [{"path": "../x", "content": "1"}, {"path": "a"}, 5],
                 "stdin": "a", "stdin_base64": "%%", "args": ["a\\u0000b"], "env": {"A=B": "x", "C~D": 1},
                 "limits": {"cpu_ms": 0, "wall_ms": 600001, "speed": 3}, "priority": 8, "retention_s": 0,
                 "max_starts": 11, "runtime": "perl", "interactive": true, "collect": ["*.png", "../x"], "entry": "/m.py"}
                """, 422, "invalid-job");
        assertThat(pointers(problem))
                .containsExactlyInAnyOrder(
                        "/sorce",
                        "/files/0/path",
                        "/files/1/content",
                        "/files/2",
                        "/stdin_base64",
                        "/stdin_base64",
                        "/args/0",
                        "/env/A=B",
                        "/env/C~0D",
                        "/limits/cpu_ms",
                        "/limits/wall_ms",
                        "/limits/speed",
                        "/priority",
                        "/retention_s",
                        "/max_starts",
                        "/runtime",
                        "/collect/1",
                        "/entry");
    }

    @TestFactory
    Stream<DynamicTest> each_field_has_its_type(TestNode node) {
        List<String> texts = List.of("1", "true", "null", "[]", "{}");
        List<String> numbers =
                List.of("\"1\"", "true", "null", "[]", "{}", "1.0", "1.5", "1e1", "99999999999999999999");
        List<String> lists = List.of("1", "\"x\"", "null", "{}");
        List<String> objects = List.of("1", "\"x\"", "null", "[]");
        Map<String, List<String>> wrong = Map.ofEntries(
                Map.entry("/source", texts),
                Map.entry("/stdin", texts),
                Map.entry("/stdin_base64", texts),
                Map.entry("/entry", texts),
                Map.entry("/runtime", texts),
                Map.entry("/files", lists),
                Map.entry("/args", lists),
                Map.entry("/env", objects),
                Map.entry("/limits", objects),
                Map.entry("/interactive", List.of("1", "\"true\"", "null", "[]")),
                Map.entry("/collect", List.of("1", "\"x\"", "null", "{}")),
                Map.entry("/priority", numbers),
                Map.entry("/retention_s", numbers),
                Map.entry("/max_starts", numbers),
                Map.entry("/limits/cpu_ms", numbers),
                Map.entry("/limits/wall_ms", numbers),
                Map.entry("/limits/idle_ms", numbers),
                Map.entry("/limits/memory_bytes", numbers),
                Map.entry("/limits/output_bytes", numbers),
                Map.entry("/limits/processes", numbers),
                Map.entry("/limits/disk_bytes", numbers),
                Map.entry("/args/0", texts),
                Map.entry("/collect/0", texts),
                Map.entry("/env/A", texts),
                Map.entry("/files/0", List.of("1", "\"x\"", "null", "[]")),
                Map.entry("/files/0/path", texts),
                Map.entry("/files/0/content", texts),
                Map.entry("/files/0/content_base64", List.of("1", "null", "\"%\"", "\"AA\\n==\"", "\"A\"")));
        return wrong.entrySet().stream()
                .map(e -> DynamicTest.dynamicTest(e.getKey(), () -> {
                    for (String value : e.getValue()) {
                        JsonNode problem = refused(node, request(e.getKey(), value), 422, "invalid-job");
                        assertThat(pointers(problem)).as(value).containsOnly(e.getKey());
                    }
                }));
    }

    /** A good request but for one value. */
    private static String request(String pointer, String value) {
        String[] steps = pointer.substring(1).split("/", -1);
        String last = steps[steps.length - 1];
        if (steps[0].equals("files") && steps.length == 3) {
            String rest = last.equals("path") ? ",\"content\":\"\"" : ",\"path\":\"x\"";
            return "{\"source\":\"1\",\"files\":[{\"" + last + "\":" + value + rest + "}]}";
        }
        String inner =
                steps.length == 1 ? value : last.equals("0") ? "[" + value + "]" : "{\"" + last + "\":" + value + "}";
        String source = steps[0].equals("source") ? "" : "\"source\":\"1\",";
        return "{" + source + "\"" + steps[0] + "\":" + inner + "}";
    }

    @Test
    void half_a_character_is_422(TestNode node) throws Exception {
        for (String half : List.of("\\ud800", "\\udc00", "a\\ud83dx", "\\ude00\\ud83d")) {
            for (String field :
                    List.of("/source", "/stdin", "/args/0", "/env/A", "/files/0/path", "/files/0/content")) {
                JsonNode problem = refused(node, request(field, "\"" + half + "\""), 422, "invalid-job");
                assertThat(pointers(problem)).contains(field);
            }
        }
        HttpResponse<String> whole = node.post("?wait=20", "{\"source\":\"print('\\ud83d\\ude00')\"}");
        assertThat(TestNode.JSON.readTree(whole.body()).get("stdout").textValue())
                .isEqualTo("😀\n");
    }

    @Test
    void bad_paths_are_422(TestNode node) throws Exception {
        for (String path : List.of(
                "", "/", "/etc/x", "..", "../x", "a/../b", "./a", "a/.", "a//b", "a/", "a\0b", "x".repeat(256))) {
            ObjectNode file = TestNode.JSON.createObjectNode().put("path", path).put("content", "");
            assertThat(pointers(refused(node, Map.of("source", "1", "files", List.of(file)), 422, "invalid-job")))
                    .as(path)
                    .containsExactly("/files/0/path");
        }
        Map<String, String> main = Map.of("path", "main.py", "content", "");
        assertThat(pointers(refused(node, Map.of("source", "1", "files", List.of(main)), 422, "invalid-job")))
                .containsExactly("/files/0/path");
        assertThat(pointers(refused(node, Map.of("files", List.of(main, main)), 422, "invalid-job")))
                .containsExactly("/files/1/path");
        Map<String, String> below = Map.of("path", "main.py/x", "content", "");
        assertThat(pointers(refused(node, Map.of("files", List.of(main, below)), 422, "invalid-job")))
                .containsExactly("/files");
        assertThat(pointers(refused(node, Map.of("files", List.of(main), "entry", "b.py"), 422, "invalid-job")))
                .containsExactly("/entry");
        assertThat(pointers(refused(node, Map.of(), 422, "invalid-job"))).containsExactly("/source");
        assertThat(pointers(refused(node, Map.of("files", List.of()), 422, "invalid-job")))
                .containsExactly("/entry");
    }

    @Test
    void nothing_of_a_refused_request_is_queued(TestNode node) throws Exception {
        refused(node, Map.of("source", "1", "sorce", "2"), 422, "invalid-job");
        // The next job's place in the queue would show it.
        JsonNode job = node.run("print(1)");
        assertThat(job.at("/usage/queued_ms").longValue()).isLessThan(5_000);
    }

    @Test
    void every_type_has_a_page(TestNode node) throws Exception {
        for (Problem.Kind kind : Problem.Kind.values()) {
            HttpResponse<String> page = node.get("/problems/" + kind.slug());
            assertThat(page.statusCode()).isEqualTo(200);
            assertThat(header(page, "Content-Type")).startsWith("text/html");
            assertThat(header(page, "Content-Security-Policy")).contains("default-src 'none'");
            assertThat(page.body()).contains(kind.title()).contains(kind.slug());
        }
    }

    @Test
    void the_clients_request_id_comes_back(TestNode node) throws Exception {
        HttpResponse<String> good = node.send(node.request("/healthz").header("X-Request-Id", "my-id_1.2"));
        assertThat(header(good, "X-Request-Id")).isEqualTo("my-id_1.2");
        HttpResponse<String> absent = node.send(node.request("/nothing").header("X-Request-Id", "my-id"));
        assertThat(header(absent, "X-Request-Id")).isEqualTo("my-id");
        for (String bad : List.of("", "a b", "x".repeat(65), "<script>")) {
            HttpResponse<String> response = node.send(node.request("/healthz").header("X-Request-Id", bad));
            assertThat(header(response, "X-Request-Id")).isNotBlank().isNotEqualTo(bad);
        }
        assertThat(header(node.get("/healthz"), "X-Request-Id"))
                .isNotEqualTo(header(node.get("/healthz"), "X-Request-Id"));
    }

    @TestFactory
    Stream<DynamicTest> what_is_hardly_http_is_a_problem_too(TestNode node) {
        record Case(String name, String request, int status, String slug, String instance) {}
        String post = "POST /v1/jobs HTTP/1.1|Host: localhost|Content-Type: application/json|";
        return Stream.of(
                        new Case(
                                "long address",
                                "GET /" + "a".repeat(8000) + " HTTP/1.1|Host: localhost||",
                                414,
                                "uri-too-long",
                                "/"),
                        new Case(
                                "long header",
                                "GET / HTTP/1.1|Host: localhost|X: " + "a".repeat(20_000) + "||",
                                431,
                                "headers-too-large",
                                "/"),
                        new Case(
                                "many headers",
                                "GET / HTTP/1.1|Host: localhost|" + "X: aaaaaaaaaa|".repeat(2_000) + "|",
                                431,
                                "headers-too-large",
                                "/"),
                        new Case("not http", "hello||", 400, "bad-request", "/"),
                        new Case("no host", "GET /healthz HTTP/1.1||", 400, "bad-request", "/healthz"),
                        new Case("length no number", post + "Content-Length: abc||{}", 400, "bad-request", "/"),
                        new Case("length below zero", post + "Content-Length: -1||{}", 400, "bad-request", "/"),
                        new Case(
                                "two lengths",
                                post + "Content-Length: 2|Content-Length: 3||{}x",
                                400,
                                "bad-request",
                                "/"),
                        new Case(
                                "length and chunked",
                                post + "Content-Length: 2|Transfer-Encoding: chunked||2|{}|0||",
                                400,
                                "bad-request",
                                "/"),
                        new Case("bad escape", "GET /v1/%zz HTTP/1.1|Host: localhost||", 400, "bad-request", "/v1/%zz"),
                        new Case(
                                "bad escape in an id",
                                "GET /v1/jobs/%c3%28 HTTP/1.1|Host: localhost||",
                                404,
                                "not-found",
                                "/v1/jobs/%c3%28"),
                        new Case("star", "OPTIONS * HTTP/1.1|Host: localhost||", 404, "not-found", "*"),
                        new Case("tunnel", "CONNECT x:80 HTTP/1.1|Host: localhost||", 404, "not-found", "x:80"),
                        new Case(
                                "trace",
                                "TRACE /healthz HTTP/1.1|Host: localhost||",
                                405,
                                "method-not-allowed",
                                "/healthz"))
                .map(c -> DynamicTest.dynamicTest(c.name(), () -> {
                    try (Wire wire = Wire.to(node)) {
                        problem(wire.send(c.request()).read(), c.status(), c.slug(), c.instance());
                    }
                }));
    }

    @Test
    void a_body_in_chunks_is_read_and_a_broken_one_harms_nobody(TestNode node) throws Exception {
        String head = "POST /v1/jobs HTTP/1.1|Host: localhost|Content-Type: text/x-python|";
        try (Wire wire = Wire.to(node)) {
            wire.send(head + "Transfer-Encoding: chunked||6|print(|2|1)|0||");
            assertThat(wire.read().status()).isEqualTo(202);
        }
        try (Wire wire = Wire.to(node)) {
            assertThat(wire.send(head + "Transfer-Encoding: chunked||zz|print(1)|0||")
                            .isEnded())
                    .isTrue();
        }
        try (Wire wire = Wire.to(node)) {
            assertThat(wire.send(head + "Content-Length: 50||print(1)")
                            .endSending()
                            .isEnded())
                    .isTrue();
        }
        try (Wire wire = Wire.to(node)) {
            wire.send(head + "Content-Length: 8|Expect: 100-continue||");
            assertThat(wire.read().status()).isEqualTo(100);
            assertThat(wire.send("print(1)").read().status()).isEqualTo(202);
        }
        assertThat(node.get("/healthz").statusCode()).isEqualTo(200);
    }

    @Test
    void a_client_with_too_many_jobs_is_429_and_a_full_queue_503() throws Exception {
        Map<String, Object> sleeper = Map.of("source", "import time; time.sleep(60)");
        try (TestNode own = TestNode.start(Map.of("roles", "http", "queue.max_live_per_client", "3"))) {
            for (int i = 0; i < 3; i++) {
                own.submit(sleeper);
            }
            HttpResponse<String> response = own.post("", sleeper);
            problem(response, 429, "too-many-requests");
            assertThat(header(response, "Retry-After")).matches("[1-9][0-9]*");
        }
        try (TestNode own = TestNode.start(Map.of("roles", "http", "queue.max_queued", "3"))) {
            String last = null;
            for (int i = 0; i < 3; i++) {
                last = own.submit(sleeper);
            }
            HttpResponse<String> response = own.post("", sleeper);
            problem(response, 503, "unavailable");
            assertThat(header(response, "Retry-After")).matches("[1-9][0-9]*");
            assertThat(own.send(own.request("/v1/jobs/" + last).DELETE()).statusCode())
                    .isEqualTo(200);
            own.submit(sleeper);
        }
    }

    @Test
    void while_redis_is_away_all_is_503_and_soon_at_once() throws Exception {
        Set<ProcessHandle> others = redisServers();
        try (TestNode own = TestNode.start(Map.of("roles", "http", "redis.timeout_ms", "1000"))) {
            String id = own.submit("print(1)");
            ProcessHandle redis = redisServers().stream()
                    .filter(p -> !others.contains(p))
                    .findFirst()
                    .orElseThrow();
            signal(redis, "STOP");
            try {
                long before = System.nanoTime();
                HttpResponse<String> first = own.get("/v1/jobs/" + id);
                problem(first, 503, "unavailable");
                assertThat(header(first, "Retry-After")).matches("[1-9][0-9]*");
                assertThat(System.nanoTime() - before).as("within the time-out").isLessThan(2_500_000_000L);
                before = System.nanoTime();
                problem(own.post("?wait=20", Map.of("source", "1")), 503, "unavailable");
                problem(own.get("/v1/jobs/" + id + "?wait=20"), 503, "unavailable");
                problem(own.get("/v1/jobs/" + id + "/spec"), 503, "unavailable");
                problem(own.get("/v1/jobs/" + id + "/events"), 503, "unavailable");
                problem(own.send(own.request("/v1/jobs/" + id).DELETE()), 503, "unavailable");
                problem(own.get("/readyz"), 503, "unavailable");
                assertThat(System.nanoTime() - before).as("at once").isLessThan(900_000_000L);
                assertThat(own.get("/healthz").statusCode()).isEqualTo(200);
            } finally {
                signal(redis, "CONT");
            }
            HttpResponse<String> back =
                    Await.value("Redis is back", () -> own.get("/v1/jobs/" + id), r -> r.statusCode() != 503);
            assertThat(back.statusCode()).isEqualTo(200);
            assertThat(own.get("/readyz").statusCode()).isEqualTo(200);
            redis.destroyForcibly();
            Await.value("not ready", () -> own.get("/readyz").statusCode(), s -> s == 503);
            problem(own.post("", Map.of("source", "1")), 503, "unavailable");
        }
    }

    private static Set<ProcessHandle> redisServers() {
        return ProcessHandle.current()
                .descendants()
                .filter(p -> p.info().command().orElse("").contains("redis"))
                .collect(Collectors.toSet());
    }

    private static void signal(ProcessHandle process, String name) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }
}
