package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.redis.TestSentinel;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A node whose Redis is a master with a replica, watched by sentinels. */
@Timeout(90)
class SentinelIT {
    private static final String SLOW = "import time\nprint('begin', flush=True)\ntime.sleep(3)\nprint('end')";

    @Test
    void jobs_outlive_the_death_of_the_master() throws Exception {
        Vertx vertx = Vertx.vertx();
        try (TestSentinel redis = TestSentinel.start(vertx);
                TestNode node = TestNode.start(Map.of(
                        "redis.url", redis.url(),
                        "redis.timeout_ms", "1000",
                        "queue.lease_ms", "8000",
                        "runner.beat_ms", "1000"))) {
            Owners owners = new Owners(node);
            List<String> running = List.of(node.submit(SLOW), node.submit(SLOW));
            for (String id : running) {
                node.awaitStart(id);
            }
            List<String> waiting = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                waiting.add(node.submit("print(" + i + ")"));
            }
            redis.awaitReplica();
            long before = System.nanoTime();
            redis.killMaster();
            Await.until("the node is ready again", () -> node.get("/readyz").statusCode() == 200);
            assertThat(System.nanoTime() - before).as("time away").isLessThan(8_000_000_000L);
            for (String id : running) {
                JsonNode job = owners.awaitOutput(id, "begin\nend\n");
                assertThat(job.path("starts").asInt()).as("nothing was reaped").isEqualTo(1);
            }
            for (int i = 0; i < 6; i++) {
                owners.awaitOutput(waiting.get(i), i + "\n");
            }
            assertThat(node.run("print('new')").path("stdout").asText()).isEqualTo("new\n");
        } finally {
            Await.get(vertx.close());
        }
    }
}
