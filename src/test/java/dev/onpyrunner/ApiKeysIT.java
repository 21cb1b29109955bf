package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.http.Contract;
import dev.onpyrunner.job.Allowance;
import dev.onpyrunner.job.ApiKeys;
import dev.onpyrunner.redis.EmbeddedRedis;
import dev.onpyrunner.redis.RedisLink;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
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
        return keys(closed, code, args);
    }

    /** Runs the command {@code keys} for a node; what it prints. */
    static String keys(TestNode node, int code, String... args) {
        List<String> all = new ArrayList<>(List.of("keys"));
        all.addAll(List.of(args));
        all.addAll(List.of("--data", node.data().toString()));
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
        awaitStatus(closed, status, header, value);
    }

    private static void awaitStatus(TestNode node, int status, String header, String value) throws Exception {
        HttpResponse<String> last = post(node, header, value);
        long end = System.nanoTime() + 20_000_000_000L;
        while (last.statusCode() != status && System.nanoTime() < end) {
            last = post(node, header, value);
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
        awaitStatus(open, 429, "X-API-Key", key);
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
    void each_operation_tells_who_shows_no_key_as_promised() throws Exception {
        Contract contract = new Contract();
        List<String> operations = contract.promised().stream()
                .filter(p -> p.endsWith(" 401") && !p.matches("[A-Z]+ (/v1/nodes|/v1/dead|/v1/running|/metrics).*"))
                .map(p -> p.substring(0, p.length() - 4))
                .toList();
        assertThat(operations).hasSizeGreaterThan(15);
        for (String operation : operations) {
            String[] words = operation.split(" ", 2);
            String path =
                    words[1].replace("{id}", "0-aaaaaaaaaaaaaaaaaaaaaaaaaa").replace("{path}", "a");
            HttpResponse<String> refused = closed.send(closed.request(path).method(words[0], BodyPublishers.noBody()));
            assertThat(refused.statusCode()).as(operation).isEqualTo(401);
            contract.check(operation, refused);
        }
    }

    // ---- What a key may ----

    private static HttpResponse<String> post(String key, Map<String, ?> job) throws Exception {
        return open.send(open.request("/v1/jobs")
                .header("Content-Type", "application/json")
                .header("X-API-Key", key)
                .POST(BodyPublishers.ofString(TestNode.JSON.writeValueAsString(job))));
    }

    /** Until the open node knows the key, without a post. */
    private static void awaitKnown(String key) {
        Await.until("the key is known", () -> queue(open, "X-API-Key", key) == 200);
    }

    private static String spec(HttpResponse<String> posted, String key, String field) throws Exception {
        assertThat(posted.statusCode()).as(posted.body()).isEqualTo(202);
        String job = posted.headers().firstValue("Location").orElseThrow();
        return TestNode.JSON
                .readTree(open.send(open.request(job + "/spec").header("X-API-Key", key))
                        .body())
                .at(field)
                .asText();
    }

    @Test
    void a_key_may_what_was_said_when_it_was_made_or_changed() throws Exception {
        String key = keys(
                0,
                "add",
                "ben",
                "--live",
                "3",
                "--wall-ms",
                "2000",
                "--priority",
                "5",
                "--retention-s",
                "60",
                "--runtime",
                "none-such");
        assertThat(keys(0, "list")).contains(" ben ").contains("wall_ms=2000").contains("runtimes=none-such");
        awaitStatus(open, 422, "X-API-Key", key);
        HttpResponse<String> refused = post(key, Map.of("source", ""));
        assertThat(refused.body()).contains("There is no such runtime here");
        refused = post(key, Map.of("source", "", "runtime", "python3.11"));
        assertThat(refused.body()).contains("There is no such runtime for this key");

        assertThat(keys(0, "set", "ben", "--live", "3", "--wall-ms", "2000", "--priority", "5", "--retention-s", "60"))
                .contains("priority=5")
                .doesNotContain("runtimes");
        awaitStatus(open, 202, "X-API-Key", key);
        for (Map<String, ?> tooMuch : List.<Map<String, ?>>of(
                Map.of("source", "", "priority", 4),
                Map.of("source", "", "retention_s", 61),
                Map.of("source", "", "limits", Map.of("wall_ms", 2_001)))) {
            assertThat(post(key, tooMuch).statusCode()).as(tooMuch.toString()).isEqualTo(422);
        }
        HttpResponse<String> limits = open.send(open.request("/v1/limits").header("X-API-Key", key));
        assertThat(TestNode.JSON.readTree(limits.body()).at("/maximum/wall_ms").asInt())
                .isEqualTo(2_000);
        assertThat(spec(post(key, Map.of("source", "", "priority", 6)), key, "/priority"))
                .isEqualTo("6");
        HttpResponse<String> usual = post(key, Map.of("source", ""));
        assertThat(spec(usual, key, "/priority")).isEqualTo("5");
        assertThat(spec(usual, key, "/limits/wall_ms")).isEqualTo("2000");
        assertThat(spec(usual, key, "/retention_s")).isEqualTo("60");
        assertThat(post(key, Map.of("source", "")).statusCode())
                .as("a fourth one")
                .isEqualTo(429);

        assertThat(keys(2, "set", "nobody", "--live", "3")).isEmpty();
        for (String[] wrong : List.of(
                new String[] {"--live", "0"}, new String[] {"--priority", "8"}, new String[] {"--per-minute", "0"})) {
            assertThat(keys(2, "set", "ben", wrong[0], wrong[1])).isEmpty();
        }
        keys(0, "remove", "ben");
    }

    @Test
    void so_many_jobs_of_a_key_may_wait() throws Exception {
        String key = keys(0, "add", "dan", "--live", "10", "--queued", "2");
        assertThat(keys(0, "list")).contains("queued=2");
        awaitKnown(key);
        for (int i = 0; i < 2; i++) {
            assertThat(post(key, Map.of("source", "")).statusCode()).isEqualTo(202);
        }
        HttpResponse<String> third = post(key, Map.of("source", ""));
        assertThat(third.statusCode()).isEqualTo(429);
        assertThat(third.body()).contains("2 of your jobs wait to be run");
        assertThat(third.headers().firstValue("Retry-After")).isPresent();
        keys(0, "remove", "dan");
    }

    @Test
    void who_may_post_so_many_a_minute_is_told_how_many_are_left() throws Exception {
        String key = keys(0, "add", "cid", "--per-minute", "3", "--live", "100");
        awaitKnown(key);
        List<String> left = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            HttpResponse<String> taken = post(key, Map.of("source", ""));
            assertThat(taken.statusCode()).as(taken.body()).isEqualTo(202);
            assertThat(taken.headers().firstValue("RateLimit-Policy")).hasValue("\"posts\";q=3;w=60");
            left.add(taken.headers().firstValue("RateLimit").orElseThrow());
        }
        assertThat(left.get(0)).isEqualTo("\"posts\";r=2;t=20");
        assertThat(left.get(2)).matches("\"posts\";r=0;t=(60|5[0-9])");
        HttpResponse<String> fourth = post(key, Map.of("source", ""));
        assertThat(fourth.statusCode()).isEqualTo(429);
        assertThat(fourth.headers().firstValue("RateLimit").orElseThrow()).startsWith("\"posts\";r=0;t=");
        assertThat(Integer.parseInt(fourth.headers().firstValue("Retry-After").orElseThrow()))
                .isBetween(1, 20);
        new Contract().check("POST /v1/jobs", fourth);
        keys(0, "remove", "cid");
    }

    @Test
    void one_name_is_given_once_and_what_cannot_be_read_keeps_nobody_out() throws Exception {
        Vertx vertx = Vertx.vertx();
        try {
            RedisLink link = Await.get(RedisLink.open(
                    vertx,
                    EmbeddedRedis.of(closed.data().resolve("redis"), 5_000).orElseThrow(),
                    "test"));
            ApiKeys all =
                    new ApiKeys(link, NodeConfig.load(null, Map.of(), Map.of()).queue());
            List<Future<?>> adding = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                adding.add(all.add("dan", 0, 0, Allowance.USUAL));
            }
            Await.get(Future.join(adding).transform(r -> Future.succeededFuture()));
            assertThat(adding.stream().filter(Future::succeeded)).hasSize(1);
            Await.get(link.send(Request.cmd(Command.HSET)
                    .arg("onpy:{keys}:all")
                    .arg("broken")
                    .arg("{")));
            awaitStatus(202, "X-API-Key", keys(0, "add", "eve"));
            assertThat(keys(0, "list")).contains(" dan ", " eve ");
            Await.get(link.send(Request.cmd(Command.HDEL).arg("onpy:{keys}:all").arg("broken")));
            Await.get(link.close());
        } finally {
            Await.get(vertx.close());
        }
        keys(0, "remove", "dan");
        keys(0, "remove", "eve");
    }

    // ---- Tickets ----

    private static HttpResponse<String> tickets(String method, TestNode node, String... headers) throws Exception {
        return node.send(node.request("/v1/tickets").headers(headers).method(method, BodyPublishers.noBody()));
    }

    private static String cookie(HttpResponse<String> response) {
        String cookie = response.headers().firstValue("Set-Cookie").orElseThrow();
        assertThat(cookie).contains("; Path=/", "; HTTPOnly", "; SameSite=Strict");
        return cookie.substring(0, cookie.indexOf(';'));
    }

    private static int queue(TestNode node, String... headers) throws Exception {
        return node.send(node.request("/v1/queue").headers(headers)).statusCode();
    }

    @Test
    void a_ticket_stands_for_its_key_at_every_node_until_either_ends() throws Exception {
        Contract contract = new Contract();
        String key = keys(0, "add", "carol");
        awaitStatus(202, "X-API-Key", key);
        HttpResponse<String> given = tickets("POST", closed, "Authorization", "Bearer " + key);
        contract.check("POST /v1/tickets", given);
        assertThat(given.statusCode()).isEqualTo(201);
        assertThat(given.body()).contains("carol").doesNotContain("onpyt_");
        String cookie = cookie(given);
        assertThat(queue(closed, "Cookie", cookie)).isEqualTo(200);
        assertThat(post(open, "Cookie", cookie).statusCode())
                .as("the key's second job, at another node")
                .isEqualTo(429);

        HttpResponse<String> renewed = tickets("POST", open, "Cookie", cookie);
        contract.check("POST /v1/tickets", renewed);
        assertThat(renewed.statusCode()).isEqualTo(200);
        assertThat(cookie(renewed)).isEqualTo(cookie);
        assertThat(TestNode.JSON.readTree(renewed.body()).get("expires_at").asText())
                .isGreaterThan(
                        TestNode.JSON.readTree(given.body()).get("expires_at").asText());

        String second = cookie(tickets("POST", closed, "X-API-Key", key, "Origin", "https://behind.proxy.example"));
        assertThat(second).isNotEqualTo(cookie);
        HttpResponse<String> ended = tickets("DELETE", open, "Cookie", cookie);
        contract.check("DELETE /v1/tickets", ended);
        assertThat(cookie(ended)).endsWith("=");
        assertThat(queue(closed, "Cookie", cookie)).isEqualTo(401);
        assertThat(queue(closed, "Cookie", second)).isEqualTo(200);
        assertThat(queue(open, "Cookie", cookie)).as("as if there were none").isEqualTo(200);

        keys(0, "remove", "carol");
        awaitStatus(401, "Cookie", second);
    }

    @Test
    void a_ticket_is_good_for_pages_of_this_server_and_its_friends_alone() throws Exception {
        String key = keys(0, "add", "dora");
        awaitStatus(202, "X-API-Key", key);
        HttpResponse<String> given = tickets("POST", closed, "X-API-Key", key, "Origin", "https://" + authority());
        assertThat(given.headers().firstValue("Set-Cookie").orElseThrow()).contains("; Secure");
        String cookie = cookie(given);
        for (String origin : List.of("http://" + authority(), TestNode.FRIEND)) {
            assertThat(queue(closed, "Cookie", cookie, "Origin", origin)).isEqualTo(200);
        }
        for (String origin : List.of("http://127.0.0.1:1", "https://evil.example", "null", ":")) {
            assertThat(queue(closed, "Cookie", cookie, "Origin", origin))
                    .as(origin)
                    .isEqualTo(401);
        }
        String changed = cookie.substring(0, cookie.length() - 1) + (cookie.endsWith("0") ? "1" : "0");
        String later = cookie.replaceFirst("_([0-9]+)_", "_9$1_");
        for (String other : List.of(changed, later, "onpyrunner-ticket=" + key, "onpyrunner-ticket=")) {
            assertThat(queue(closed, "Cookie", other)).isEqualTo(401);
        }
        // What says who one is goes before what a browser sends by itself.
        assertThat(queue(closed, "Cookie", cookie, "X-API-Key", "x")).isEqualTo(401);
        assertThat(tickets("POST", open, "Accept", "*/*").statusCode()).isEqualTo(401);
    }

    private static String authority() {
        return closed.uri("/").getAuthority();
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
