package dev.onpyrunner.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.Await;
import dev.onpyrunner.NodeConfig;
import dev.onpyrunner.TestNode;
import dev.onpyrunner.job.JobBus;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.redis.RedisLink;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The live console: a job followed over a WebSocket. */
@ExtendWith(TestNode.class)
@Timeout(90)
class ConsoleSocketIT {
    private static final String STEPS = """
            import sys, time
            for i in range(5):
                print('out', i, flush=True)
                print('err', i, file=sys.stderr, flush=True)
                time.sleep(0.05)
            """;

    private static final Map<String, Object> SLEEPER = Map.of(
            "source",
            "import time\nprint('started', flush=True)\ntime.sleep(60)\n",
            "limits",
            Map.of("wall_ms", 60_000));
    private static final int LOTS = 16 * 1024 * 1024;
    private static final Map<String, Object> CHATTERBOX = Map.of(
            "source",
            "import sys\nfor i in range(16384): sys.stdout.write('%07d' % i + 'x' * 1016 + '\\n')\n",
            "limits",
            Map.of("output_bytes", LOTS));

    private static Vertx vertx(TestNode node) {
        return node.node().vertx();
    }

    private static Console open(TestNode node, String id) {
        return Console.open(vertx(node), node, id);
    }

    private static String path(String id) {
        return "/v1/jobs/" + id + "/console";
    }

    private static void cancel(TestNode node, String id) throws Exception {
        node.send(node.request("/v1/jobs/" + id).DELETE());
    }

    @Test
    void it_says_hello_then_tells_all_and_closes(TestNode node) throws Exception {
        JsonNode job = node.run(STEPS);
        String id = job.get("id").textValue();
        try (Console console = open(node, id)) {
            JsonNode hello = console.next("hello");
            assertThat(hello.at("/job/id").textValue()).isEqualTo(id);
            assertThat(hello.at("/job/status").textValue()).isEqualTo("DONE");
            assertThat(hello.get("heartbeat_ms").intValue()).isEqualTo(20_000);
            List<JsonNode> events = console.until("end");
            try (EventStream stream = EventStream.open(node, id)) {
                assertThat(events).isEqualTo(stream.all());
            }
            assertThat(console.closeCode()).isEqualTo(1000);
            assertThat(console.isSilent()).isTrue();
        }
    }

    @Test
    void from_every_event_the_rest_is_told_exactly(TestNode node) throws Exception {
        String id = node.run(STEPS).get("id").textValue();
        List<JsonNode> all;
        try (Console console = open(node, id)) {
            console.next("hello");
            all = console.until("end");
        }
        for (int i = 0; i < all.size(); i++) {
            String after = path(id) + "?after=" + all.get(i).get("id").textValue();
            try (Console console = Console.open(vertx(node), Console.options(node, after))) {
                console.next("hello");
                if (i < all.size() - 1) {
                    assertThat(console.until("end")).isEqualTo(all.subList(i + 1, all.size()));
                }
                assertThat(console.closeCode()).isEqualTo(1000);
                assertThat(console.isSilent()).isTrue();
            }
        }
    }

    @Test
    void output_is_seen_while_the_program_runs_and_the_console_can_cancel_it(TestNode node) throws Exception {
        String id = node.submit(SLEEPER);
        try (Console console = open(node, id)) {
            console.next("hello");
            assertThat(EventStream.text(console.until("out"), "out")).isEqualTo("started\n");
            assertThat(node.get("/v1/jobs/" + id).body()).contains("\"RUNNING\"");
            console.send("{\"op\":\"cancel\"}");
            List<JsonNode> rest = console.until("end");
            assertThat(rest.get(rest.size() - 1).get("d").textValue()).isEqualTo("CANCELLED");
            assertThat(console.closeCode()).isEqualTo(1000);
        }
    }

    @Test
    void a_queued_job_can_be_followed_and_cancelled(TestNode node) throws Exception {
        List<String> sleepers = List.of(node.submit(SLEEPER), node.submit(SLEEPER));
        for (String sleeper : sleepers) {
            node.awaitStart(sleeper);
        }
        String id = node.submit("print('never')");
        try (Console console = open(node, id)) {
            assertThat(console.next("hello").at("/job/queue/position").intValue())
                    .isEqualTo(1);
            assertThat(console.until("state").get(0).get("d").textValue()).isEqualTo("QUEUED");
            console.send("{\"op\":\"cancel\"}");
            JsonNode end = console.until("end").get(0);
            assertThat(end.get("d").textValue()).isEqualTo("CANCELLED");
            assertThat(end.at("/job/started_at").isNull()).isTrue();
            assertThat(console.closeCode()).isEqualTo(1000);
        }
        for (String sleeper : sleepers) {
            cancel(node, sleeper);
            node.awaitEnd(sleeper);
        }
    }

    @Test
    void closing_a_console_does_not_touch_the_job(TestNode node) throws Exception {
        String id = node.submit("import time; print('a', flush=True); time.sleep(0.5); print('b')");
        try (Console console = open(node, id)) {
            console.next("hello");
            console.until("out");
        }
        assertThat(node.awaitEnd(id).get("stdout").textValue()).isEqualTo("a\nb\n");
    }

    @Test
    void twenty_viewers_see_the_same(TestNode node) throws Exception {
        String id = node.submit("import time\nfor i in range(50):\n    print(i, flush=True)\n    time.sleep(0.02)\n");
        List<Console> consoles = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            consoles.add(open(node, id));
        }
        List<JsonNode> all;
        try (EventStream stream = EventStream.open(node, id)) {
            all = stream.all();
        }
        for (Console console : consoles) {
            console.next("hello");
            assertThat(console.until("end")).isEqualTo(all);
            assertThat(console.closeCode()).isEqualTo(1000);
        }
    }

    @Test
    void a_ping_is_answered(TestNode node) throws Exception {
        String id = node.submit(SLEEPER);
        try (Console console = open(node, id)) {
            console.next("hello");
            console.until("out");
            console.send("{\"op\":\"ping\"}");
            console.next("pong");
            var pong = io.vertx.core.Promise.<Buffer>promise();
            console.socket().pongHandler(pong::complete);
            Await.get(console.socket().writePing(Buffer.buffer("x")));
            assertThat(Await.get(pong.future())).hasToString("x");
        }
        cancel(node, id);
    }

    @Test
    void what_cannot_be_done_is_a_problem(TestNode node) throws Exception {
        String id = node.submit(SLEEPER);
        try (Console console = open(node, id)) {
            console.next("hello");
            console.until("out");
            for (String op : List.of("{\"op\":\"stdin\",\"d\":\"x\"}", "{\"op\":\"eof\"}")) {
                JsonNode problem = console.send(op).next("problem").get("problem");
                assertThat(problem.get("type").textValue()).isEqualTo("/problems/conflict");
                assertThat(problem.get("status").intValue()).isEqualTo(409);
                assertThat(problem.get("instance").textValue()).isEqualTo(path(id));
                assertThat(problem.get("detail").textValue()).isNotBlank();
            }
        }
        cancel(node, id);
    }

    @Test
    void a_bad_message_closes_with_4000(TestNode node) throws Exception {
        String id = node.submit(SLEEPER);
        for (String bad : List.of(
                "",
                "hello",
                "[]",
                "null",
                "1",
                "\"op\"",
                "{}",
                "{\"op\":1}",
                "{\"op\":\"dance\"}",
                "{\"op\":\"ping\"")) {
            try (Console console = open(node, id)) {
                console.send(bad);
                assertThat(console.closeCode()).as(bad).isEqualTo(4000);
            }
        }
        try (Console console = open(node, id)) {
            Await.get(console.socket().writeBinaryMessage(Buffer.buffer("{\"op\":\"ping\"}")));
            assertThat(console.closeCode()).isEqualTo(4000);
        }
        assertThat(node.get("/v1/jobs/" + id).body()).contains("\"RUNNING\"");
        cancel(node, id);
    }

    private static JsonNode refused(TestNode node, WebSocketConnectOptions options, int status) throws Exception {
        Future<?> attempt = Console.tryOpen(vertx(node), options);
        Await.get(attempt.transform(r -> Future.succeededFuture()));
        assertThat(attempt.cause()).isInstanceOf(UpgradeRejectedException.class);
        UpgradeRejectedException rejected = (UpgradeRejectedException) attempt.cause();
        assertThat(rejected.getStatus()).isEqualTo(status);
        assertThat(rejected.getHeaders().get("Content-Type")).isEqualTo("application/problem+json");
        assertThat(rejected.getHeaders().get("X-Request-Id")).isNotBlank();
        JsonNode problem = TestNode.JSON.readTree(rejected.getBody().getBytes());
        assertThat(problem.get("status").intValue()).isEqualTo(status);
        return problem;
    }

    @Test
    void what_cannot_be_opened_is_a_problem_before_the_upgrade(TestNode node) throws Exception {
        String id = node.run("print(1)").get("id").textValue();
        String never = "0-00000000000000000000000000";
        assertThat(refused(node, Console.options(node, path(never)), 404)
                        .get("type")
                        .textValue())
                .isEqualTo("/problems/not-found");
        refused(node, Console.options(node, path("nonsense")), 404);
        refused(node, Console.options(node, path(id) + "?after=nonsense"), 400);
        String gone = node.run("print(2)").get("id").textValue();
        node.send(node.request("/v1/jobs/" + gone + "?purge=true").DELETE());
        refused(node, Console.options(node, path(gone)), 410);
        assertThat(node.get(path(id)).statusCode()).as("no WebSocket").isEqualTo(400);
    }

    @Test
    void a_page_of_another_origin_is_403_unless_it_is_allowed(TestNode node) throws Exception {
        String id = node.run("print(1)").get("id").textValue();
        for (String origin : List.of(
                "https://evil.example",
                "null",
                "http://127.0.0.1:1",
                TestNode.FRIEND + ".evil.example",
                "http://" + node.uri("/").getHost(),
                "%")) {
            WebSocketConnectOptions options = Console.options(node, path(id)).addHeader("Origin", origin);
            assertThat(refused(node, options, 403).get("type").textValue()).isEqualTo("/problems/forbidden");
        }
        String own = node.uri("/").toString().replaceAll("/$", "");
        for (String origin : List.of(own, TestNode.FRIEND)) {
            try (Console console =
                    Console.open(vertx(node), Console.options(node, path(id)).addHeader("Origin", origin))) {
                console.next("hello");
            }
        }
    }

    @Test
    void a_stopping_node_closes_with_1012() throws Exception {
        Vertx clients = Vertx.vertx();
        try (TestNode own = TestNode.start(Map.of())) {
            String id = own.submit(SLEEPER);
            Console console = Console.open(clients, own, id);
            console.next("hello");
            console.until("out");
            own.node().close();
            assertThat(console.closeCode()).isEqualTo(1012);
        } finally {
            Await.get(clients.close());
        }
    }

    private static String handshake(String id) {
        return "GET " + path(id) + " HTTP/1.1|Host: localhost|Connection: Upgrade|Upgrade: websocket|"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==|Sec-WebSocket-Version: 13||";
    }

    @Test
    void viewers_who_do_not_read_slow_nobody_and_get_all_later(TestNode node) throws Exception {
        node.run("print('warm')");
        long before = SlowViewer.memory();
        String id = node.submit(CHATTERBOX);
        List<SlowViewer> viewers = new ArrayList<>();
        try (Console late = open(node, id)) {
            late.socket().pause();
            for (int i = 0; i < 30; i++) {
                viewers.add(new SlowViewer(node, handshake(id)).awaitHead());
            }
            try (EventStream stream = EventStream.open(node, id)) {
                JsonNode end = stream.next(e -> e.get("k").textValue().equals("end"));
                assertThat(end.at("/job/outcome").textValue()).isEqualTo("OK");
                assertThat(end.at("/job/stdout_bytes").intValue()).isEqualTo(LOTS);
            }
            assertThat(SlowViewer.memory() - before)
                    .as("30 viewers of 16 MiB, held in memory, would be 480 MiB")
                    .isLessThan(96L * 1024 * 1024);
            late.socket().resume();
            late.next("hello");
            assertThat(EventStream.text(late.until("end"), "out"))
                    .isEqualTo(node.get("/v1/jobs/" + id + "/stdout").body());
            assertThat(late.closeCode()).isEqualTo(1000);
        } finally {
            for (SlowViewer viewer : viewers) {
                viewer.close();
            }
        }
    }

    /** A frame of a client, masked with zeros: RFC 6455, section 5.2. */
    private static Buffer frame(int firstByte, String payload) {
        Buffer bytes = Buffer.buffer(payload);
        Buffer frame = Buffer.buffer().appendByte((byte) firstByte);
        if (bytes.length() < 126) {
            frame.appendByte((byte) (0x80 | bytes.length()));
        } else {
            frame.appendByte((byte) (0x80 | 127)).appendLong(bytes.length());
        }
        return frame.appendInt(0).appendBuffer(bytes);
    }

    /** What a client may send over and over again, each time for an answer that is as long, or much longer. */
    @ParameterizedTest
    @CsvSource({"0x89, a ping", "0x81, '{\"op\":\"ping\"}'", "0x81, '{\"op\":\"eof\"}'"})
    void one_who_floods_without_reading_costs_bounded_memory(String firstByte, String payload, TestNode node)
            throws Exception {
        String id = node.submit(SLEEPER);
        node.awaitStart(id);
        Buffer one = frame(Integer.decode(firstByte), payload);
        Buffer frames = Buffer.buffer();
        for (int i = 0; i < 1000; i++) {
            frames.appendBuffer(one);
        }
        int most = 100 * 1024 * 1024 / frames.length();
        long before = SlowViewer.memory();
        AtomicInteger sent = new AtomicInteger();
        try (SlowViewer viewer = new SlowViewer(node, handshake(id)).awaitHead()) {
            Thread flood = new Thread(() -> {
                try {
                    while (sent.get() < most) {
                        viewer.send(frames.getBytes());
                        sent.incrementAndGet();
                    }
                } catch (IOException e) {
                    sent.set(-1); // it must not be closed, only held up
                }
            });
            flood.start();
            flood.join(2_500);
            assertThat(SlowViewer.memory() - before).isLessThan(32L * 1024 * 1024);
            assertThat(sent.get()).as("the server stops reading").isBetween(1, most - 1);
            assertThat(node.get("/healthz").statusCode()).isEqualTo(200);
        }
        cancel(node, id);
    }

    @Test
    void a_message_of_64_KiB_of_input_is_taken_and_a_longer_one_than_any_closes_with_1009(TestNode node)
            throws Exception {
        String id = node.submit(Map.of("source", "import sys; print(len(sys.stdin.read()))", "interactive", true));
        String most = "\\u0001".repeat(64 * 1024);
        try (Console console = open(node, id)) {
            console.next("hello");
            console.send("{\"op\":\"stdin\",\"d\":\"" + most + "\"}").send("{\"op\":\"eof\"}");
            assertThat(EventStream.text(console.until("end"), "out")).isEqualTo("65536\n");
        }
        String tooMuch = "x".repeat(512 * 1024 + 1);
        String half = "x".repeat(300 * 1024);
        String asleep = node.submit(SLEEPER);
        for (Buffer message : List.of(frame(0x81, tooMuch), frame(0x01, half).appendBuffer(frame(0x80, half)))) {
            try (Crowd crowd = new Crowd()) {
                crowd.join(node, handshake(asleep), 1);
                crowd.readUntil("out");
                crowd.send(message.getBytes());
                crowd.readToTheEnd();
                assertThat(crowd.members().get(0).closeCode()).isEqualTo(1009);
            }
        }
        cancel(node, asleep);
    }

    /** Whether a console and a stream that read nothing for so long are cut off before the end. */
    private static boolean isLetGo(Vertx vertx, WebSocketConnectOptions options, String id, int silentMs)
            throws Exception {
        try (Console console = Console.open(vertx, options);
                Socket stream = new Socket(InetAddress.getLoopbackAddress(), options.getPort())) {
            console.socket().pause();
            String request = "GET /v1/jobs/" + id + "/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            stream.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            Await.get(vertx.timer(silentMs));
            console.socket().resume();
            console.next("hello");
            int code = console.closeCode();
            // Server-Sent Events have no code: the stream is cut off.
            String read = new String(stream.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(read).startsWith("HTTP/1.1 200");
            return code == 4008 && !read.contains("\"k\":\"end\"") && !read.endsWith("0\r\n\r\n");
        }
    }

    @Test
    void one_who_reads_nothing_for_long_is_let_go(TestNode node) throws Exception {
        Vertx vertx = vertx(node);
        String id = node.submit(CHATTERBOX);
        node.awaitEnd(id);
        RedisLink link = Await.get(RedisLink.open(vertx, node.node().redis(), "test"));
        JobStore store =
                new JobStore(link, NodeConfig.load(null, Map.of(), Map.of()).queue());
        Router router = Router.router(vertx);
        Runnable end = ConsoleRoutes.mount(
                router, vertx, store, new JobBus(vertx), (e, at) -> new JsonObject(), Set.of(), 200);
        HttpServer server = Await.get(vertx.createHttpServer(new HttpServerOptions()
                        .setHost("127.0.0.1")
                        .setPort(0)
                        .addWebSocketSubProtocol("onpyrunner.v1"))
                .requestHandler(router)
                .listen());
        WebSocketConnectOptions options = Console.options(node, path(id)).setPort(server.actualPort());
        try {
            // Nothing tells from outside that the server has lost its patience: what was sent before must be read
            // first.
            AtomicInteger silentMs = new AtomicInteger(500);
            Await.until("both are let go", () -> isLetGo(vertx, options, id, silentMs.getAndUpdate(ms -> 4 * ms)));
        } finally {
            end.run();
            Await.get(server.close());
            Await.get(link.close());
        }
    }
}
