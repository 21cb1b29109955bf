package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.job.JobId;
import dev.onpyrunner.redis.RedisProcess;
import dev.onpyrunner.redis.TestCluster;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A node that takes jobs and one that runs them, on a cluster of three masters with partitions on all of them. */
@Timeout(60)
class ClusterIT {
    private static final int PARTITIONS = 8;
    /** A lease is longer than a failover takes here. */
    private static final Map<String, String> SETTINGS =
            Map.of("queue.partitions", String.valueOf(PARTITIONS), "queue.lease_ms", "4000", "runner.beat_ms", "500");

    private static Vertx vertx;
    private static TestCluster cluster;
    private static TestNode node;
    private static TestNode runner;
    private static Owners owners;

    @BeforeAll
    static void start() throws IOException {
        vertx = Vertx.vertx();
        cluster = TestCluster.start(vertx);
        Map<String, String> settings = new HashMap<>(SETTINGS);
        settings.put("redis.url", cluster.url());
        settings.put("cluster.enabled", "true");
        settings.put("cluster.bus_port", "0");
        List<Integer> ports = RedisProcess.freePorts(2);
        settings.put("cluster.members", "127.0.0.1:" + ports.get(0) + ",127.0.0.1:" + ports.get(1));
        node = start(settings, "http", ports.get(0));
        runner = start(settings, "runner", ports.get(1));
        owners = new Owners(node);
    }

    private static TestNode start(Map<String, String> settings, String role, int port) throws IOException {
        Map<String, String> mine = new HashMap<>(settings);
        mine.put("roles", role);
        mine.put("cluster.port", String.valueOf(port));
        return TestNode.start(mine);
    }

    @AfterAll
    static void stop() throws IOException {
        runner.close();
        node.close();
        Await.get(vertx.close());
        cluster.close();
    }

    private static String tag(String id) {
        return "onpy:{" + new JobId(id).partition() + "}:";
    }

    @Test
    void runs_jobs_of_many_owners_and_hands_back_their_files() throws Exception {
        List<String> ids = owners.submitFromAll(
                PARTITIONS,
                Map.of("source", "print('hi')\nopen('a.txt', 'w').write('x')", "collect", List.of("*.txt")));
        for (String id : ids) {
            JsonNode job = owners.awaitOutput(id, "hi\n");
            assertThat(job.path("starts").asInt()).isEqualTo(1);
            assertThat(node.get(job.at("/files/0/url").asText()).body()).isEqualTo("x");
        }
        assertThat(cluster.keysOfMasters())
                .hasSize(3)
                .allSatisfy(keys -> assertThat(keys).isPositive());
        HttpRequest.Builder purge =
                node.request("/v1/jobs/" + ids.get(0) + "?purge=true").DELETE();
        assertThat(node.send(purge).statusCode()).isEqualTo(204);
        assertThat(node.get("/v1/jobs/" + ids.get(0)).statusCode()).isEqualTo(410);
    }

    @Test
    void cancels_what_waits_and_what_runs() throws Exception {
        List<String> ids = owners.submitFromAll(PARTITIONS, Map.of("source", "import time; time.sleep(9)"));
        for (String id : ids) {
            assertThat(node.send(node.request("/v1/jobs/" + id).DELETE()).statusCode())
                    .as("waits or runs")
                    .isIn(200, 202);
        }
        for (String id : ids) {
            assertThat(node.awaitEnd(id).path("status").asText()).isEqualTo("CANCELLED");
        }
    }

    @Test
    void gives_one_job_for_one_key() throws Exception {
        Set<String> ids = new HashSet<>();
        for (int i = 0; i < 3; i++) {
            HttpResponse<String> answer = node.send(node.request("/v1/jobs?wait=20")
                    .header("Content-Type", "text/x-python")
                    .header("Idempotency-Key", "of-the-cluster")
                    .POST(HttpRequest.BodyPublishers.ofString("print('once')")));
            ids.add(TestNode.JSON.readTree(answer.body()).path("id").asText());
        }
        assertThat(ids).hasSize(1);
        assertThat(owners.awaitOutput(ids.iterator().next(), "once\n")
                        .path("starts")
                        .asInt())
                .isEqualTo(1);
    }

    @Test
    void a_slot_that_moves_to_another_master_takes_its_jobs_along() throws Exception {
        String runs = owners.submit(
                2, Map.of("source", "import time\nfor n in range(15): print(n, flush=True); time.sleep(0.1)"));
        node.awaitStart(runs);
        TestCluster.Move move = cluster.move(tag(runs));
        assertThat(move.take(2)).isPositive();
        String refused = owners.submit(2, Map.of("source", "pass"));
        assertThat(refused).as("while its keys are in two places").isNull();
        while (move.take(100) > 0) {
            // What is written meanwhile is written before or after the move of its key.
        }
        move.end();
        StringBuilder all = new StringBuilder();
        for (int n = 0; n < 15; n++) {
            all.append(n).append('\n');
        }
        assertThat(owners.awaitOutput(runs, all.toString()).path("starts").asInt())
                .isEqualTo(1);
        String after = owners.submit(2, Map.of("source", "print('after')"));
        owners.awaitOutput(after, "after\n");
    }

    @Test
    void a_master_that_is_killed_is_followed_by_its_replica_and_no_job_is_lost() throws Exception {
        List<String> ids = new ArrayList<>(
                owners.submitFromAll(PARTITIONS, Map.of("source", "import time; time.sleep(1); print('done')")));
        cluster.awaitReplica();
        cluster.failOver(() -> {
            ids.addAll(owners.submitFromAll(PARTITIONS, Map.of("source", "print('done')")));
            ids.forEach(id -> assertThat(
                            owners.awaitOutput(id, "done\n").path("starts").asInt())
                    .isLessThanOrEqualTo(2));
        });
    }
}
