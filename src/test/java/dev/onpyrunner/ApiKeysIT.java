package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Keys made by the command line, shown to two nodes with one Redis: one that is closed and one that is open. */
@Timeout(60)
class ApiKeysIT {
    private static TestNode closed;
    private static TestNode open;

    @BeforeAll
    static void start() throws IOException {
        closed = TestNode.start(Map.of("roles", "http", "http.anonymous", "false", "queue.max_live_per_client", "1"));
        String redis =
                Files.readString(closed.data().resolve("redis/redis.url")).trim();
        open = TestNode.start(Map.of("roles", "http", "redis.url", redis, "queue.max_live_per_client", "1"));
    }

    @AfterAll
    static void stop() throws IOException {
        open.close();
        closed.close();
    }

    private static String keys(int code, String... args) {
        List<String> all = new ArrayList<>(List.of("keys"));
        all.addAll(List.of(args));
        all.addAll(List.of("--data", closed.data().toString()));
        PrintStream before = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            assertThat(Main.commandLine().execute(all.toArray(String[]::new))).isEqualTo(code);
        } finally {
            System.setOut(before);
        }
        return said.toString(StandardCharsets.UTF_8).trim();
    }

    private static HttpResponse<String> post(TestNode node, String header, String value) throws Exception {
        return node.send(node.request("/v1/jobs")
                .header("Content-Type", "text/x-python")
                .header(header, value)
                .POST(BodyPublishers.ofString("print(1)")));
    }

    /** A node may know its keys for a second before it asks again. */
    private static void awaitStatus(int status, String header, String value) throws Exception {
        HttpResponse<String> last = post(closed, header, value);
        long end = System.nanoTime() + 20_000_000_000L;
        while (last.statusCode() != status && System.nanoTime() < end) {
            last = post(closed, header, value);
        }
        assertThat(last.statusCode()).as(last.body()).isEqualTo(status);
    }

    @Test
    void who_shows_no_key_is_told_so_where_keys_are_wanted() throws Exception {
        for (String path :
                List.of("/v1/queue", "/v1/runtimes", "/v1/jobs/0-aaaaaaaaaaaaaaaaaaaaaaaaaa", "/mcp", "/x")) {
            HttpResponse<String> refused = closed.get(path);
            assertThat(refused.statusCode()).as(path).isEqualTo(401);
            assertThat(refused.headers().firstValue("WWW-Authenticate")).hasValue("Bearer");
            assertThat(TestNode.JSON.readTree(refused.body()).path("type").asText())
                    .isEqualTo("/problems/unauthorized");
        }
        assertThat(closed.get("/assets/../v1/queue").statusCode()).isEqualTo(401);
        assertThat(post(closed, "Authorization", "Bearer another-kind-of-token").statusCode())
                .isEqualTo(401);
        assertThat(closed.get("/").statusCode()).isEqualTo(200);
        assertThat(closed.get("/readyz").statusCode()).isEqualTo(200);
        assertThat(open.get("/v1/queue").statusCode()).isEqualTo(200);
    }

    @Test
    void a_key_opens_every_node_until_it_is_removed() throws Exception {
        String key = keys(0, "add", "ann");
        assertThat(key).matches("onpy_[0-9a-f]{12}_[0-9a-f]{64}");
        awaitStatus(202, "Authorization", "Bearer " + key);
        // the same owner at another node, whose address would be another one
        HttpResponse<String> second = post(open, "X-API-Key", key);
        assertThat(second.statusCode()).as(second.body()).isEqualTo(429);
        assertThat(open.post("", Map.of("source", "1")).statusCode())
                .as("nobody's job")
                .isEqualTo(202);

        String wrong = key.substring(0, key.length() - 1) + (key.endsWith("0") ? "1" : "0");
        assertThat(post(closed, "X-API-Key", wrong).statusCode()).isEqualTo(401);
        assertThat(post(open, "X-API-Key", wrong).statusCode())
                .as("wrong, not none")
                .isEqualTo(401);
        assertThat(post(open, "X-API-Key", "x").statusCode()).isEqualTo(401);

        assertThat(keys(2, "add", "ann")).as("taken").isEmpty();
        assertThat(keys(0, "list")).contains(" ann ").doesNotContain(key.substring(18));
        assertThat(keys(0, "remove", "ann")).startsWith("Removed");
        awaitStatus(401, "X-API-Key", key);
        assertThat(keys(2, "remove", "ann")).isEmpty();
    }

    @Test
    void a_key_is_told_as_json_with_its_end() throws Exception {
        JsonNode made = TestNode.JSON.readTree(keys(0, "add", "bob", "--days", "2", "--json"));
        assertThat(made.path("expires_at").asText())
                .isGreaterThan(made.path("created_at").asText());
        JsonNode listed = TestNode.JSON.readTree(keys(0, "list", "--json"));
        assertThat(listed.findValuesAsText("id")).contains(made.path("id").asText());
        assertThat(listed.findValue("key")).isNull();
        assertThat(listed.findValue("hash")).isNull();
    }
}
