package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.redis.RedisProcess;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes that lose sight of each other and not of Redis: viewers and waiters hardly notice. */
@Timeout(180)
class BusCutIT {
    private static final String ECHO = """
            while True:
                try:
                    print("got", input(), flush=True)
                except EOFError:
                    break
            """;

    @TempDir
    private Path folder;

    private final HttpClient http = HttpClient.newHttpClient();
    private final AtomicReference<String> seen = new AtomicReference<>("");
    private int typed;

    /** They find each other by a name that has both addresses. */
    private ServeProcess node(TwoMachines machines, int i, String roles, String redis) throws IOException {
        Path hosts = Files.write(
                folder.resolve("hosts"),
                List.of(machines.busHost(0) + " nodes.test", machines.busHost(1) + " nodes.test"));
        return ServeProcess.start(
                folder.resolve("node-" + i),
                Map.of(
                        "ONPY_ROLES",
                        roles,
                        "ONPY_HTTP_HOST",
                        machines.host(i),
                        "ONPY_REDIS_URL",
                        redis,
                        "ONPY_RUNNER_BEAT_MS",
                        "500",
                        "ONPY_CLUSTER_ENABLED",
                        "true",
                        "ONPY_CLUSTER_HOST",
                        machines.busHost(i),
                        "ONPY_CLUSTER_DNS_NAME",
                        "nodes.test",
                        "JAVA_TOOL_OPTIONS",
                        "-Djdk.net.hosts.file=" + hosts),
                machines.before(i));
    }

    /** How often a node has said this in its log. */
    private long said(int node, String what) throws IOException {
        return Files.readAllLines(folder.resolve("node-" + node + ".log")).stream()
                .filter(l -> l.contains(what))
                .count();
    }

    private void awaitBoth(String what, int times) {
        for (int node = 0; node < 2; node++) {
            int it = node;
            Await.until("node " + it + " says '" + what + "'", () -> said(it, what) >= times);
        }
    }

    /** Types a line and waits until the viewer at the other node sees the answer. */
    private void type(JobClient at, String id) throws Exception {
        String line = "line " + ++typed;
        at.input(id, (line + "\n").getBytes(StandardCharsets.UTF_8), false);
        Await.until("the viewer sees " + line, () -> seen.get().contains("got " + line + "\n"));
    }

    private double fedByBus(ServeProcess node) throws Exception {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(node.url() + "/metrics")).build();
        return http.send(request, BodyHandlers.ofString())
                .body()
                .lines()
                .filter(l -> l.startsWith("onpyrunner_feed_batches_total{by=\"bus\""))
                .mapToDouble(l -> Double.parseDouble(l.substring(l.indexOf(' '))))
                .sum();
    }

    /** Types until what comes back has come by the bus. */
    private void typeUntilLive(JobClient at, String id, ServeProcess viewed) throws Exception {
        double before = fedByBus(viewed);
        Await.until("the bus brings it", () -> {
            type(at, id);
            return fedByBus(viewed) > before;
        });
    }

    @Test
    void who_waits_or_looks_on_goes_on_while_the_bus_is_cut_and_is_live_again_when_it_heals() throws Exception {
        Vertx vertx = Vertx.vertx();
        int port = RedisProcess.freePorts(1).get(0);
        Path socket = folder.resolve("redis.sock");
        try (RedisProcess redis = RedisProcess.start(vertx, folder, port, "secret", List.of("unixsocket " + socket));
                TwoMachines machines = new TwoMachines()) {
            assertThat(redis.isMaster()).isTrue();
            String url = "unix://:secret@" + socket;
            try (ServeProcess web = node(machines, 0, "http", url);
                    ServeProcess runner = node(machines, 1, "http,runner", url)) {
                viewersAndWaitersGoOn(machines, web, runner);
            }
        } finally {
            Await.get(vertx.close());
        }
    }

    private void viewersAndWaitersGoOn(TwoMachines machines, ServeProcess web, ServeProcess runner) throws Exception {
        Await.until("they have met", () -> said(0, "has joined; 2 nodes") == 1);
        JobClient there = new JobClient(runner.url());
        JobClient here = new JobClient(web.url());
        String id = here.submit(TestNode.JSON.writeValueAsString(Map.of("source", ECHO, "interactive", true)));
        CompletableFuture<JsonNode> end = CompletableFuture.supplyAsync(() -> follow(here, id));
        typeUntilLive(there, id, web);

        machines.cut();
        type(there, id);
        type(here, id); // the hint is lost, and the runner's next beat brings it
        awaitBoth("has left", 1);
        type(there, id);
        assertThat(waitFor(web).path("stdout").asText()).isEqualTo("waited for\n");

        machines.mend();
        awaitBoth("has joined", 2);
        typeUntilLive(there, id, web);
        here.input(id, new byte[0], true);
        JsonNode job = end.get(20, TimeUnit.SECONDS);
        assertThat(job.path("outcome").asText()).isEqualTo("OK");
        assertThat(job.path("starts").asInt()).isEqualTo(1);
        StringBuilder all = new StringBuilder();
        for (int n = 1; n <= typed; n++) {
            all.append("got line ").append(n).append('\n');
        }
        assertThat(seen.get()).as("no gap, no repeat").isEqualTo(all.toString());
    }

    private JsonNode follow(JobClient client, String id) {
        try {
            return client.follow(id, new JobClient.Viewer() {
                @Override
                public void output(boolean stderr, String text) {
                    seen.accumulateAndGet(text, String::concat);
                }

                @Override
                public void restarted() {
                    seen.accumulateAndGet("restarted", String::concat);
                }
            });
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private JsonNode waitFor(ServeProcess node) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(node.url() + "/v1/jobs?wait=20"))
                .header("Content-Type", "text/x-python")
                .POST(HttpRequest.BodyPublishers.ofString("print('waited for')"))
                .build();
        return TestNode.JSON.readTree(
                http.send(request, BodyHandlers.ofString()).body());
    }
}
