package dev.onpyrunner.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.TestNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A job followed over Server-Sent Events. */
@ExtendWith(TestNode.class)
@Timeout(90)
class EventStreamIT {
    /** Prints in five steps, so that the log has several events of each kind. */
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

    private static List<JsonNode> events(TestNode node, String id) throws Exception {
        try (EventStream stream = EventStream.open(node, id)) {
            return stream.all();
        }
    }

    private static void delete(TestNode node, String id) throws Exception {
        node.send(node.request("/v1/jobs/" + id).DELETE());
    }

    @Test
    void the_log_of_an_ended_job_is_sent_whole_and_the_stream_ends(TestNode node) throws Exception {
        JsonNode job = node.run(STEPS);
        List<JsonNode> events = events(node, job.get("id").textValue());
        assertThat(EventStream.kinds(events)).startsWith("state", "state").endsWith("end");
        assertThat(events.get(0).get("d").textValue()).isEqualTo("QUEUED");
        assertThat(events.get(1).get("d").textValue()).isEqualTo("RUNNING");
        assertThat(EventStream.text(events, "out")).isEqualTo(job.get("stdout").textValue());
        assertThat(EventStream.text(events, "err")).isEqualTo(job.get("stderr").textValue());
        JsonNode end = events.get(events.size() - 1);
        assertThat(end.get("d").textValue()).isEqualTo("DONE");
        assertThat(end.at("/job/outcome").textValue()).isEqualTo("OK");
        assertThat(end.at("/job/stdout_bytes")).isEqualTo(job.get("stdout_bytes"));
        assertThat(end.get("job").has("stdout")).isFalse();
        List<String> ids = events.stream().map(e -> e.get("id").textValue()).toList();
        assertThat(ids)
                .doesNotHaveDuplicates()
                .isSortedAccordingTo((a, b) -> dev.onpyrunner.job.EventId.parse(a)
                        .orElseThrow()
                        .compareTo(dev.onpyrunner.job.EventId.parse(b).orElseThrow()));
        List<Long> times =
                events.stream().skip(1).map(e -> e.get("t").longValue()).toList();
        assertThat(times).isSorted().allMatch(t -> t >= 0 && t < 20_000);
    }

    @Test
    void from_every_event_the_rest_is_sent_exactly(TestNode node) throws Exception {
        String id = node.run(STEPS).get("id").textValue();
        List<JsonNode> all = events(node, id);
        assertThat(all.size()).isGreaterThan(5);
        String path = "/v1/jobs/" + id + "/events";
        for (int i = 0; i < all.size(); i++) {
            List<JsonNode> rest = all.subList(i + 1, all.size());
            String last = all.get(i).get("id").textValue();
            try (EventStream stream = EventStream.open(node, node.request(path + "?after=" + last))) {
                assertThat(stream.all()).isEqualTo(rest);
            }
            try (EventStream stream =
                    EventStream.open(node, node.request(path + "?after=0-1").header("Last-Event-ID", last))) {
                assertThat(stream.all()).isEqualTo(rest);
            }
        }
        try (EventStream stream = EventStream.open(node, node.request(path + "?after=0-0"))) {
            assertThat(stream.all()).isEqualTo(all);
        }
        try (EventStream stream = EventStream.open(node, node.request(path + "?after=999999999999999999-9"))) {
            assertThat(stream.all()).isEmpty();
        }
    }

    @Test
    void output_is_seen_while_the_program_runs(TestNode node) throws Exception {
        String id = node.submit(SLEEPER);
        try (EventStream stream = EventStream.open(node, id)) {
            JsonNode out = stream.next(e -> e.get("k").textValue().equals("out"));
            assertThat(out.get("d").textValue()).isEqualTo("started\n");
            assertThat(node.get("/v1/jobs/" + id).body()).contains("\"RUNNING\"");
            delete(node, id);
            List<JsonNode> rest = stream.all();
            assertThat(rest.get(rest.size() - 1).get("d").textValue()).isEqualTo("CANCELLED");
        }
    }

    @Test
    void a_queued_job_is_followed_from_its_waiting_on(TestNode node) throws Exception {
        List<String> sleepers = List.of(node.submit(SLEEPER), node.submit(SLEEPER));
        for (String sleeper : sleepers) {
            node.awaitStart(sleeper);
        }
        String id = node.submit("print('my turn')");
        String unlucky = node.submit("print('never')");
        try (EventStream stream = EventStream.open(node, id);
                EventStream other = EventStream.open(node, unlucky)) {
            assertThat(stream.next().get("d").textValue()).isEqualTo("QUEUED");
            assertThat(other.next().get("d").textValue()).isEqualTo("QUEUED");
            delete(node, unlucky);
            JsonNode end = other.next();
            assertThat(end.get("k").textValue()).isEqualTo("end");
            assertThat(end.get("d").textValue()).isEqualTo("CANCELLED");
            assertThat(other.next()).isNull();
            delete(node, sleepers.get(0));
            assertThat(stream.next().get("d").textValue()).isEqualTo("RUNNING");
            assertThat(EventStream.kinds(stream.all())).containsExactly("out", "end");
        } finally {
            for (String sleeper : sleepers) {
                delete(node, sleeper);
                node.awaitEnd(sleeper);
            }
        }
    }

    @Test
    void twenty_viewers_see_the_same(TestNode node) throws Exception {
        String id = node.submit("import time\nfor i in range(50):\n    print(i, flush=True)\n    time.sleep(0.02)\n");
        ExecutorService pool = Executors.newFixedThreadPool(20);
        try {
            List<CompletableFuture<List<JsonNode>>> viewers = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                viewers.add(CompletableFuture.supplyAsync(
                        () -> {
                            try {
                                return events(node, id);
                            } catch (Exception e) {
                                throw new AssertionError(e);
                            }
                        },
                        pool));
            }
            List<JsonNode> afterwards = null;
            for (CompletableFuture<List<JsonNode>> viewer : viewers) {
                List<JsonNode> seen = viewer.get();
                if (afterwards == null) {
                    afterwards = events(node, id);
                }
                assertThat(seen).isEqualTo(afterwards);
            }
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void viewers_who_do_not_read_slow_nobody_and_get_all_later(TestNode node) throws Exception {
        node.run("print('warm')");
        long before = SlowViewer.memory();
        String id = node.submit(CHATTERBOX);
        String request = "GET /v1/jobs/" + id + "/events HTTP/1.1|Host: localhost|Connection: close||";
        List<SlowViewer> viewers = new ArrayList<>();
        try {
            for (int i = 0; i < 30; i++) {
                viewers.add(new SlowViewer(node, request));
            }
            JsonNode end;
            try (EventStream stream = EventStream.open(node, id)) {
                end = stream.next(e -> e.get("k").textValue().equals("end"));
            }
            assertThat(end.at("/job/outcome").textValue()).isEqualTo("OK");
            assertThat(end.at("/job/stdout_bytes").intValue()).isEqualTo(LOTS);
            assertThat(SlowViewer.memory() - before)
                    .as("30 viewers of 16 MiB, held in memory, would be 480 MiB")
                    .isLessThan(96L * 1024 * 1024);
            String all = new String(viewers.get(0).in().readAllBytes(), StandardCharsets.UTF_8);
            StringBuilder text = new StringBuilder();
            List<String> data = all.lines().filter(l -> l.startsWith("data: ")).toList();
            for (String line : data) {
                JsonNode event = TestNode.JSON.readTree(line.substring("data: ".length()));
                if (event.get("k").textValue().equals("out")) {
                    text.append(event.get("d").textValue());
                }
            }
            assertThat(text.length()).isEqualTo(LOTS);
            assertThat(text.toString()).isEqualTo(raw(node, id));
            assertThat(data.get(data.size() - 1)).contains("\"end\"");
        } finally {
            for (SlowViewer viewer : viewers) {
                viewer.close();
            }
        }
    }

    private static String raw(TestNode node, String id) throws IOException, InterruptedException {
        return node.get("/v1/jobs/" + id + "/stdout").body();
    }

    @Test
    void a_stopping_node_ends_its_streams_without_an_end_of_the_job() throws Exception {
        try (TestNode own = TestNode.start(Map.of())) {
            String id = own.submit(SLEEPER);
            try (EventStream stream = EventStream.open(own, id)) {
                stream.next(e -> e.get("k").textValue().equals("out"));
                own.node().close();
                assertThat(EventStream.kinds(stream.all())).doesNotContain("end");
            }
        }
    }
}
