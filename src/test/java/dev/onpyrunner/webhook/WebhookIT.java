package dev.onpyrunner.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.onpyrunner.Await;
import dev.onpyrunner.NodeConfig;
import dev.onpyrunner.TestNode;
import dev.onpyrunner.job.Ends;
import dev.onpyrunner.job.JobBus;
import dev.onpyrunner.job.JobMeters;
import dev.onpyrunner.job.QueueSettings;
import dev.onpyrunner.redis.RedisLink;
import dev.onpyrunner.redis.TestRedis;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.IntUnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Ends of real jobs, posted to a real server. */
@Timeout(90)
class WebhookIT {
    private static final byte[] KEY = "twenty-four random bytes".getBytes(StandardCharsets.US_ASCII);
    private static final String SECRET = "whsec_" + Base64.getEncoder().encodeToString(KEY);

    private record Got(String path, String id, String timestamp, String signature, String trace, Buffer body) {}

    private final BlockingQueue<Got> got = new LinkedBlockingQueue<>();
    private Vertx vertx;
    private TestRedis redis;
    private HttpServer server;
    /** What the server answers to its n-th post, from 1 on; 0 for nothing at all. */
    private volatile IntUnaryOperator answers = n -> 204;

    private int posts;

    @BeforeEach
    void start() throws IOException {
        vertx = Vertx.vertx();
        redis = TestRedis.start();
        server = Await.get(vertx.createHttpServer().requestHandler(this::post).listen(0, "127.0.0.1"));
    }

    @AfterEach
    void stop() throws IOException {
        Await.get(vertx.close());
        redis.close();
    }

    private void post(HttpServerRequest request) {
        request.body().onSuccess(body -> {
            got.add(new Got(
                    request.uri(),
                    request.getHeader("webhook-id"),
                    request.getHeader("webhook-timestamp"),
                    request.getHeader("webhook-signature"),
                    request.getHeader("traceparent"),
                    body));
            int status = answers.applyAsInt(++posts);
            if (status > 0) {
                request.response()
                        .setStatusCode(status)
                        .putHeader("Location", "/elsewhere")
                        .end("x".repeat(100_000));
            }
        });
    }

    private Map<String, String> flags() throws IOException {
        Map<String, String> flags = new HashMap<>();
        flags.put("redis.url", redis.url());
        flags.put("webhook.url", "http://127.0.0.1:" + server.actualPort() + "/hook?x=1");
        flags.put("webhook.secret", SECRET);
        flags.put("webhook.allow_private", "true");
        return flags;
    }

    private Got next() throws InterruptedException {
        Got one = got.poll(20, TimeUnit.SECONDS);
        assertThat(one).as("a post").isNotNull();
        return one;
    }

    private static double told(TestNode node, String result) throws Exception {
        return node.get("/metrics")
                .body()
                .lines()
                .filter(l -> l.startsWith("onpyrunner_webhook_posts_total{result=\"" + result + "\""))
                .mapToDouble(l -> Double.parseDouble(l.substring(l.indexOf(' '))))
                .sum();
    }

    @Test
    void a_signed_post_tells_how_a_job_ended() throws Exception {
        try (TestNode node = TestNode.start(flags())) {
            String trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
            HttpRequest.Builder request = node.request("/v1/jobs")
                    .header("Content-Type", "text/x-python")
                    .header("traceparent", trace)
                    .POST(HttpRequest.BodyPublishers.ofString("raise SystemExit(3)"));
            String id = new JsonObject(node.send(request).body()).getString("id");
            Got one = next();
            assertThat(one.trace()).isEqualTo(trace);
            assertThat(one.path()).isEqualTo("/hook?x=1");
            assertThat(one.id()).isEqualTo(id);
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(KEY, "HmacSHA256"));
            byte[] signed =
                    mac.doFinal((id + "." + one.timestamp() + "." + one.body()).getBytes(StandardCharsets.UTF_8));
            assertThat(one.signature()).isEqualTo("v1," + Base64.getEncoder().encodeToString(signed));
            assertThat(Math.abs(Long.parseLong(one.timestamp()) - System.currentTimeMillis() / 1000))
                    .isLessThan(300);
            assertThat(isOurs(one, one.body().toString())).isTrue();
            assertThat(isOurs(one, one.body() + " ")).isFalse();
            JsonObject message = one.body().toJsonObject();
            assertThat(message.getString("type")).isEqualTo("job.ended");
            JsonObject job = message.getJsonObject("data");
            assertThat(job.getString("id")).isEqualTo(id);
            assertThat(job.getString("status")).isEqualTo("DONE");
            assertThat(job.getString("outcome")).isEqualTo("RUNTIME_ERROR");
            assertThat(job.getInteger("exit_code")).isEqualTo(3);
            assertThat(job.containsKey("stdout")).isFalse();
            Await.until("it is counted", () -> told(node, "sent") == 1);
        }
    }

    /** What the function on the page says of a post. */
    private static boolean isOurs(Got post, String body) throws Exception {
        Matcher page = Pattern.compile("```python\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of("docs", "webhook.md")));
        assertThat(page.find()).isTrue();
        String program = page.group(1) + "\nimport sys\n"
                + "names = ('webhook-id', 'webhook-timestamp', 'webhook-signature')\n"
                + "print(is_ours(sys.argv[1], dict(zip(names, sys.argv[2:])), sys.stdin.buffer.read()))\n";
        Process python = new ProcessBuilder(
                        "/usr/bin/python3", "-c", program, SECRET, post.id(), post.timestamp(), post.signature())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        python.getOutputStream().write(body.getBytes(StandardCharsets.UTF_8));
        python.getOutputStream().close();
        String said = new String(python.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
        assertThat(said).isIn("True", "False");
        return said.equals("True");
    }

    @Test
    void two_nodes_tell_each_end_once() throws Exception {
        Map<String, String> second = flags();
        second.put("queue.partitions", "3");
        try (TestNode one = TestNode.start(second);
                TestNode two = TestNode.start(second)) {
            List<String> ids = new ArrayList<>();
            for (int n = 0; n < 30; n++) {
                ids.add((n % 2 == 0 ? one : two).submit("print(1)"));
            }
            List<String> told = new ArrayList<>();
            for (int n = 0; n < 30; n++) {
                told.add(next().id());
            }
            assertThat(told).containsExactlyInAnyOrderElementsOf(ids);
            Await.until(
                    "both have written down that they were told", () -> told(one, "sent") + told(two, "sent") == 30);
            assertThat(got).isEmpty();
        }
    }

    @Test
    void a_server_that_fails_or_redirects_is_asked_again_with_the_same_id_until_it_is_given_up() throws Exception {
        answers = n -> n == 1 ? 503 : n == 2 ? 302 : 500;
        Map<String, String> flags = flags();
        flags.put("webhook.attempts", "3");
        try (TestNode node = TestNode.start(flags)) {
            String id = node.run("print(1)").path("id").asText();
            for (int n = 0; n < 3; n++) {
                Got one = next();
                assertThat(one.id()).isEqualTo(id);
                assertThat(one.path()).as("it does not follow").isEqualTo("/hook?x=1");
            }
            Await.until("it is given up", () -> told(node, "given_up") == 1);
            assertThat(told(node, "failed")).isEqualTo(2);
            answers = n -> 200;
            String other = node.run("print(2)").path("id").asText();
            assertThat(next().id()).isEqualTo(other);
        }
    }

    @Test
    void an_address_that_is_not_public_is_not_connected_to() throws Exception {
        Map<String, String> flags = flags();
        flags.put("webhook.allow_private", "false");
        flags.put("webhook.attempts", "1");
        try (TestNode node = TestNode.start(flags)) {
            node.run("print(1)");
            Await.until("it is given up", () -> told(node, "given_up") == 1);
            assertThat(got).isEmpty();
        }
    }

    @Test
    void what_a_node_took_and_did_not_tell_is_told_by_another() throws Exception {
        Map<String, String> flags = new HashMap<>(Map.of("redis.url", redis.url()));
        NodeConfig config = NodeConfig.load(null, Map.of(), flags());
        RedisLink link = redis.link(vertx);
        QueueSettings queue = config.queue();
        Ends dead = new Ends(link, queue, 0, "webhook");
        Await.get(dead.open());
        try (TestNode node = TestNode.start(flags)) {
            String lost = node.run("print(1)").path("id").asText();
            List<Ends.End> taken = Await.get(dead.next(10)); // by one that dies then
            assertThat(taken).hasSize(1);

            answers = n -> n == 1 ? 0 : 200; // the first node that tells is stopped while it waits for an answer
            WebhookVerticle.Times quick = new WebhookVerticle.Times(50, 200, 1_000);
            JobBus bus = new JobBus(vertx);
            String first = Await.get(vertx.deployVerticle(
                    new WebhookVerticle(config.webhook(), redis.settings(), queue, bus, new JobMeters(), quick)));
            assertThat(next().id()).isEqualTo(lost);
            Await.get(vertx.undeploy(first));
            Await.get(vertx.deployVerticle(
                    new WebhookVerticle(config.webhook(), redis.settings(), queue, bus, new JobMeters(), quick)));
            assertThat(next().id()).isEqualTo(lost);
            Await.until(
                    "nothing is left", () -> Await.get(dead.abandoned(0, 10)).isEmpty());
        }
    }
}
