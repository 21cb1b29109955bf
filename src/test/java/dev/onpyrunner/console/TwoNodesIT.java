package dev.onpyrunner.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.Await;
import dev.onpyrunner.TestNode;
import dev.onpyrunner.redis.RedisProcess;
import dev.onpyrunner.redis.TestRedis;
import io.vertx.core.Promise;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.spi.cluster.RegistrationInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A node that takes jobs and one that runs them, joined by the event bus. */
@Timeout(60)
class TwoNodesIT {
    /** So long that what comes quickly cannot have come with a beat. */
    private static final String LEASE_MS = "120000";

    private static final String BEAT_MS = "30000";

    private static final String ECHO = """
            while True:
                try:
                    print("got", input(), flush=True)
                except EOFError:
                    break
            """;

    private static TestRedis redis;
    private static TestNode web;
    private static TestNode runner;

    @BeforeAll
    static void start() throws IOException {
        redis = TestRedis.start();
        List<Integer> ports = RedisProcess.freePorts(2);
        web = node("http", ports.get(0), ports);
        runner = node("runner", ports.get(1), ports);
    }

    private static TestNode node(String role, int port, List<Integer> ports) throws IOException {
        Map<String, String> settings = new HashMap<>();
        settings.put("roles", role);
        settings.put("redis.url", redis.url());
        settings.put("queue.lease_ms", LEASE_MS);
        settings.put("runner.beat_ms", BEAT_MS);
        settings.put("cluster.enabled", "true");
        settings.put("cluster.port", String.valueOf(port));
        settings.put("cluster.bus_port", "0");
        settings.put("cluster.members", "127.0.0.1:" + ports.get(0) + ",127.0.0.1:" + ports.get(1));
        return TestNode.start(settings);
    }

    @AfterAll
    static void stop() throws IOException {
        runner.close();
        web.close();
        redis.close();
    }

    private static int registrations(String id) {
        Promise<List<RegistrationInfo>> found = Promise.promise();
        ((VertxInternal) runner.node().vertx()).clusterManager().getRegistrations("onpyrunner.job." + id, found);
        return Await.get(found.future()).size();
    }

    private static double fedByBus() throws Exception {
        return web.get("/metrics")
                .body()
                .lines()
                .filter(l -> l.startsWith("onpyrunner_feed_batches_total{by=\"bus\""))
                .mapToDouble(l -> Double.parseDouble(l.substring(l.indexOf(' '))))
                .sum();
    }

    private static String interactive() throws Exception {
        String id = web.submit(Map.of("source", ECHO, "interactive", true));
        web.awaitStart(id);
        return id;
    }

    @Test
    void a_job_is_taken_by_one_and_run_by_the_other() throws Exception {
        JsonNode job = web.run("print('there')");
        assertThat(job.path("stdout").asText()).isEqualTo("there\n");
        assertThat(job.path("starts").asInt()).isEqualTo(1);
    }

    @Test
    void what_is_typed_at_one_reaches_the_program_at_the_other_and_its_answer_comes_back_by_the_bus() throws Exception {
        String id = interactive();
        double before = fedByBus();
        try (Console console = Console.open(web.node().vertx(), web, id)) {
            console.next("hello");
            console.until("state");
            for (int n = 1; n <= 3; n++) {
                console.send("{\"op\":\"stdin\",\"from\":\"me\",\"n\":" + n + ",\"d\":\"" + n + "\\n\"}");
                assertThat(EventStream.text(console.until("out"), "out")).isEqualTo("got " + n + "\n");
            }
            console.send("{\"op\":\"eof\"}");
            console.until("end");
        }
        assertThat(fedByBus()).isGreaterThan(before);
    }

    @Test
    void a_cancel_at_one_ends_the_program_at_the_other() throws Exception {
        String id = interactive();
        assertThat(web.send(web.request("/v1/jobs/" + id).DELETE()).statusCode())
                .isEqualTo(202);
        assertThat(web.awaitEnd(id).path("status").asText()).isEqualTo("CANCELLED");
    }

    @Test
    void all_viewers_of_a_job_are_one_registration_on_the_bus() throws Exception {
        String id = interactive();
        List<Console> consoles = new ArrayList<>();
        for (int n = 0; n < 8; n++) {
            consoles.add(Console.open(web.node().vertx(), web, id));
            consoles.get(n).next("hello");
        }
        Await.until("the bus knows of them", () -> registrations(id) > 0);
        assertThat(registrations(id)).isEqualTo(1);
        consoles.get(0).send("{\"op\":\"cancel\"}");
        for (Console console : consoles) {
            List<JsonNode> events = console.until("end");
            assertThat(events.get(events.size() - 1).get("d").textValue()).isEqualTo("CANCELLED");
            console.close();
        }
        Await.until("the bus has forgotten them", () -> registrations(id) == 0);
    }
}
