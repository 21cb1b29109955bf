package dev.onpyrunner.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.Await;
import dev.onpyrunner.TestNode;
import dev.onpyrunner.job.EventId;
import dev.onpyrunner.redis.RedisLink;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Viewers who are cut off, viewers by the thousand, and one who never reads. */
@ExtendWith(TestNode.class)
@Timeout(60)
class LiveViewersIT {
    /** Waits for a line, then prints 20,000: text of all kinds, on two streams, each line by itself. */
    private static final String LINES = """
            import random, sys, time
            random.seed(7)
            input()
            kinds = ['line %d', '\\x1b[3%dmcolour\\x1b[0m', '%d%%\\r', 'nul \\0 %d', '한국어 %d', '😀 %d', '"\\\\ %d']
            for i in range(20000):
                stream = random.choice([sys.stdout, sys.stdout, sys.stderr])
                print(random.choice(kinds) % (i % 8) + 'x' * random.randrange(40), file=stream, flush=True)
                if i % 100 == 0: time.sleep(0.005)
            """;

    /** A second node, of HTTP alone, that serves the same jobs. */
    private static TestNode other;

    private static HttpClient clients;

    @BeforeAll
    static void start(TestNode node) throws Exception {
        String url = Files.readString(node.data().resolve("redis/redis.url")).trim();
        other = TestNode.start(Map.of("roles", "http", "redis.url", url));
        clients = HttpClient.newHttpClient();
    }

    @AfterAll
    static void stop() throws Exception {
        other.close();
    }

    private static String submit(TestNode node, String source) throws Exception {
        return node.submit(Map.of(
                "source", source, "interactive", true, "limits", Map.of("output_bytes", 16 << 20, "wall_ms", 50_000)));
    }

    private static void go(TestNode node, String id) throws Exception {
        String path = "/v1/jobs/" + id + "/stdin?eof=true";
        assertThat(node.send(node.request(path).POST(BodyPublishers.ofString("go\n")))
                        .statusCode())
                .isEqualTo(204);
    }

    private static String request(String id) {
        return "GET /v1/jobs/" + id + "/console HTTP/1.1|Host: localhost|Connection: Upgrade|Upgrade: websocket|"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==|Sec-WebSocket-Version: 13||";
    }

    /** Follows a job over one connection: so many events, or all; then it is cut. */
    private interface Follower {
        List<JsonNode> follow(TestNode node, String path, int most) throws Exception;
    }

    private static List<JsonNode> overSocket(TestNode node, String path, int most) throws Exception {
        BlockingQueue<JsonNode> messages = new LinkedBlockingQueue<>();
        WebSocket.Listener listener = new WebSocket.Listener() {
            private final StringBuilder text = new StringBuilder();

            @Override
            public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
                text.append(data);
                if (last) {
                    try {
                        messages.add(TestNode.JSON.readTree(text.toString()));
                    } catch (java.io.IOException e) {
                        throw new AssertionError(text.toString(), e);
                    }
                    text.setLength(0);
                }
                socket.request(1);
                return null;
            }
        };
        URI at = URI.create(
                node.uri(path.replace("/events", "/console")).toString().replaceFirst("http", "ws"));
        WebSocket socket =
                clients.newWebSocketBuilder().buildAsync(at, listener).get(20, TimeUnit.SECONDS);
        List<JsonNode> events = new ArrayList<>();
        while (events.size() < most && !isEnded(events)) {
            JsonNode message = messages.poll(20, TimeUnit.SECONDS);
            assertThat(message).as("a message in time").isNotNull();
            message.path("events").forEach(events::add);
        }
        socket.abort();
        return events.subList(0, Math.min(most, events.size()));
    }

    private static List<JsonNode> overSse(TestNode node, String path, int most) throws Exception {
        List<JsonNode> events = new ArrayList<>();
        try (EventStream stream = EventStream.open(node, node.request(path))) {
            while (events.size() < most && !isEnded(events)) {
                events.add(stream.next());
            }
        }
        return events;
    }

    private static boolean isEnded(List<JsonNode> events) {
        return !events.isEmpty()
                && events.get(events.size() - 1).get("k").textValue().equals("end");
    }

    /** Follows a job with 20 cuts while it prints; each time it goes on at the other node. */
    private static List<JsonNode> cutOff(TestNode node, String id, Random random, Follower follower) throws Exception {
        List<JsonNode> seen = new ArrayList<>();
        for (int cut = 0; !isEnded(seen); cut++) {
            String last =
                    seen.isEmpty() ? "" : seen.get(seen.size() - 1).get("id").textValue();
            TestNode at = random.nextBoolean() ? node : other;
            int most = cut == 0 ? 2 : cut <= 20 ? 1 + random.nextInt(25) : Integer.MAX_VALUE;
            seen.addAll(follower.follow(at, "/v1/jobs/" + id + "/events?after=" + last, most));
            if (cut == 0) {
                go(node, id);
            }
            assertThat(cut < 20 && isEnded(seen)).as("20 cuts before the end").isFalse();
        }
        return seen;
    }

    private static void checkWhole(TestNode node, String id, List<JsonNode> seen, long seed) throws Exception {
        try (EventStream stream = EventStream.open(node, id)) {
            assertThat(seen).as("seed %d", seed).isEqualTo(stream.all());
        }
        assertThat(seen.stream()
                        .map(e -> EventId.parse(e.get("id").textValue()).orElseThrow())
                        .toList())
                .isSorted()
                .doesNotHaveDuplicates();
        String out = node.get("/v1/jobs/" + id + "/stdout").body();
        String err = node.get("/v1/jobs/" + id + "/stderr").body();
        assertThat(EventStream.text(seen, "out")).isEqualTo(out);
        assertThat(EventStream.text(seen, "err")).isEqualTo(err);
        assertThat((out + err).chars().filter(c -> c == '\n').count()).isEqualTo(20_000);
    }

    @Test
    void twenty_cuts_during_20_000_lines_lose_and_repeat_nothing_over_websockets(TestNode node) throws Exception {
        long seed = System.nanoTime();
        String id = submit(node, LINES);
        checkWhole(node, id, cutOff(node, id, new Random(seed), LiveViewersIT::overSocket), seed);
    }

    @Test
    void twenty_cuts_during_20_000_lines_lose_and_repeat_nothing_over_sse(TestNode node) throws Exception {
        long seed = System.nanoTime();
        String id = submit(node, LINES);
        checkWhole(node, id, cutOff(node, id, new Random(seed), LiveViewersIT::overSse), seed);
    }

    /** How often Redis has been asked for a part of a log. */
    private static int readsOfLogs(RedisLink link) {
        String stats = Await.get(link.send(Request.cmd(Command.INFO).arg("commandstats")))
                .toString();
        Matcher reads = Pattern.compile("cmdstat_xrange:calls=([0-9]+)").matcher(stats);
        assertThat(reads.find()).isTrue();
        return Integer.parseInt(reads.group(1));
    }

    private static void checkAll(TestNode node, String id, Crowd crowd) throws Exception {
        CRC32 whole = new CRC32();
        whole.update(node.get("/v1/jobs/" + id + "/stdout").body().getBytes(StandardCharsets.UTF_8));
        assertThat(crowd.members()).allSatisfy(m -> {
            assertThat(m.output()).isEqualTo(whole.getValue());
            assertThat(m.lastKind()).isEqualTo("end");
            assertThat(m.closeCode()).isEqualTo(1000);
        });
    }

    @Test
    void two_thousand_viewers_get_all_and_share_what_they_cost(TestNode node) throws Exception {
        int many = 2_000;
        String id = submit(node, """
                import time
                input()
                for i in range(20):
                    print(i, '한' * 100, flush=True)
                    time.sleep(0.03)
                """);
        RedisLink link =
                Await.get(RedisLink.open(node.node().vertx(), node.node().redis(), "test"));
        try (Crowd crowd = new Crowd()) {
            crowd.join(node, request(id), 1);
            crowd.readUntil("need_input");
            long before = SlowViewer.memory();
            crowd.join(node, request(id), many - 1);
            crowd.readUntil("need_input");
            assertThat((SlowViewer.memory() - before) / many)
                    .as("bytes for each viewer, both ends of it in this process")
                    .isLessThan(64 * 1024);
            int reads = readsOfLogs(link);
            go(node, id);
            crowd.readToTheEnd();
            assertThat(readsOfLogs(link) - reads)
                    .as("the log is read for all, not for each")
                    .isLessThan(many / 4);
            checkAll(node, id, crowd);
        } finally {
            Await.get(link.close());
        }
    }

    @Test
    void one_who_never_reads_changes_nothing_for_the_others(TestNode node) throws Exception {
        String id = submit(node, """
                import sys
                input()
                for i in range(8192):
                    sys.stdout.write('%07d' % i + 'x' * 1016 + '\\n')
                """);
        try (SlowViewer never = new SlowViewer(node, request(id)).awaitHead();
                Crowd crowd = new Crowd()) {
            crowd.join(node, request(id), 10);
            crowd.readUntil("need_input");
            go(node, id);
            crowd.readToTheEnd();
            checkAll(node, id, crowd);
            assertThat(node.get("/v1/jobs/" + id + "/stdout").body()).hasSize(8192 * 1024);
            assertThat(never.in().available())
                    .as("it is not closed, and may still read")
                    .isPositive();
        }
    }
}
