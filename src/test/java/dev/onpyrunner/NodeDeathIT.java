package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.redis.TestRedis;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever dies, the job's story stays true. */
@Timeout(120)
class NodeDeathIT {
    private static final Map<String, String> SHORT_LEASE =
            Map.of("ONPY_QUEUE_LEASE_MS", "2000", "ONPY_RUNNER_BEAT_MS", "500");
    private static final String SLOW = """
            import os, sys, time
            if os.fork() == 0:
                os.setsid()
                time.sleep(600)
            print("begin", flush=True)
            time.sleep(2)
            print("end")
            """;

    @TempDir
    private Path folder;

    private static String submit(JobClient client, String source) throws Exception {
        return client.submit(TestNode.JSON.writeValueAsString(Map.of("source", source)));
    }

    private static void awaitOutput(JobClient client, String id, String text) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (System.nanoTime() < end) {
            if (client.get(id).path("stdout").asText().contains(text)) {
                return;
            }
            Thread.onSpinWait();
        }
        throw new AssertionError("the job did not print " + text);
    }

    private static JsonNode follow(JobClient client, String id) throws Exception {
        client.follow(id, new JobClient.Viewer() {
            @Override
            public void output(boolean stderr, String text) {}

            @Override
            public void restarted() {}
        });
        return client.get(id);
    }

    @ParameterizedTest
    @ValueSource(strings = {"fresh", "entered"})
    void a_killed_node_leaves_no_process_and_its_job_is_started_again(String isolation) throws Exception {
        Map<String, String> settings = new HashMap<>(SHORT_LEASE);
        settings.put("ONPY_RUNNER_ISOLATION", isolation);
        Path data = folder.resolve("data");
        String id;
        List<ProcessHandle> below;
        long pid;
        try (ServeProcess node = ServeProcess.start(data, settings)) {
            JobClient client = new JobClient(node.url());
            id = submit(client, SLOW);
            awaitOutput(client, id, "begin");
            below = node.descendants();
            pid = node.process().pid();
            assertThat(commands(below)).anyMatch(c -> c.contains("redis"));
            // nsjail, the jail's pid 1, the program and its daemon
            assertThat(below).hasSizeGreaterThanOrEqualTo(5);
            assertThat(leftovers(pid)).as("folders and groups of the living").hasSizeGreaterThan(1);
            node.process().destroyForcibly();
            for (ProcessHandle process : below) {
                process.onExit().get(10, TimeUnit.SECONDS);
            }
        }
        try (ServeProcess node = ServeProcess.start(data, SHORT_LEASE)) {
            JobClient client = new JobClient(node.url());
            JsonNode job = follow(client, id);
            assertThat(job.path("status").asText()).isEqualTo("DONE");
            assertThat(job.path("outcome").asText()).isEqualTo("OK");
            assertThat(job.path("starts").asInt()).isEqualTo(2);
            assertThat(job.path("stdout").asText()).isEqualTo("begin\nend\n");
            assertThat(leftovers(pid)).isEmpty();
        }
    }

    private static List<String> commands(List<ProcessHandle> processes) {
        return processes.stream().map(p -> p.info().commandLine().orElse("")).toList();
    }

    /** Folders and control groups of a node that is dead. */
    private static List<Path> leftovers(long pid) throws IOException {
        List<Path> found = new ArrayList<>();
        for (Path top : List.of(Path.of(System.getProperty("java.io.tmpdir")), Path.of("/sys/fs/cgroup"))) {
            // Not deeper: other tests' folders come and go there.
            int depth = top.startsWith("/sys") ? 5 : 1;
            try (Stream<Path> files = Files.find(
                    top, depth, (f, a) -> f.getFileName().toString().startsWith("onpyrunner-" + pid + "-"))) {
                files.forEach(found::add);
            }
        }
        return found;
    }

    @Test
    void a_stopped_node_lets_its_job_end_and_keeps_the_result() throws Exception {
        Path data = folder.resolve("data");
        String id;
        List<ProcessHandle> below;
        try (ServeProcess node = ServeProcess.start(data, SHORT_LEASE)) {
            JobClient client = new JobClient(node.url());
            id = submit(client, SLOW);
            awaitOutput(client, id, "begin");
            below = node.descendants();
            node.process().destroy();
            assertThat(node.process().waitFor(30, TimeUnit.SECONDS)).isTrue();
        }
        for (ProcessHandle process : below) {
            process.onExit().get(10, TimeUnit.SECONDS);
        }
        try (ServeProcess node = ServeProcess.start(data, SHORT_LEASE)) {
            JsonNode job = new JobClient(node.url()).get(id);
            assertThat(job.path("status").asText()).isEqualTo("DONE");
            assertThat(job.path("starts").asInt()).isEqualTo(1);
            assertThat(job.path("stdout").asText()).isEqualTo("begin\nend\n");
        }
    }

    @Test
    void a_signal_to_the_whole_terminal_is_the_nodes_business_alone() throws Exception {
        Path data = folder.resolve("data");
        String id;
        try (ServeProcess node = ServeProcess.start(data, SHORT_LEASE)) {
            JobClient client = new JobClient(node.url());
            id = submit(client, SLOW);
            awaitOutput(client, id, "begin");
            // What Ctrl-C does: a signal to each process of the group. SIGTERM, since a test may have SIGINT ignored.
            new ProcessBuilder("kill", "-TERM", "--", "-" + node.process().pid())
                    .inheritIO()
                    .start()
                    .waitFor();
            assertThat(node.process().waitFor(30, TimeUnit.SECONDS)).isTrue();
        }
        try (ServeProcess node = ServeProcess.start(data, SHORT_LEASE)) {
            JsonNode job = new JobClient(node.url()).get(id);
            assertThat(job.path("outcome").asText()).isEqualTo("OK");
            assertThat(job.path("stdout").asText()).isEqualTo("begin\nend\n");
        }
    }

    @Test
    void what_does_not_end_while_the_node_drains_is_given_back_and_its_start_not_counted() throws Exception {
        Path data = folder.resolve("data");
        String id;
        try (ServeProcess node = ServeProcess.start(data, Map.of("ONPY_RUNNER_DRAIN_MS", "200"))) {
            JobClient client = new JobClient(node.url());
            id = client.submit(
                    "{\"source\":\"import time; print('begin', flush=True); time.sleep(8)\",\"max_starts\":1}");
            awaitOutput(client, id, "begin");
        }
        // With the lease of ten seconds, a job that was not given back would not run again for as long.
        try (ServeProcess node = ServeProcess.start(data, Map.of("ONPY_RUNNER_DRAIN_MS", "200"))) {
            JobClient client = new JobClient(node.url());
            awaitOutput(client, id, "begin");
            assertThat(client.get(id).path("status").asText()).isEqualTo("RUNNING");
            assertThat(client.get(id).path("starts").asInt()).isEqualTo(1);
            client.cancel(id);
            assertThat(follow(client, id).path("status").asText()).isEqualTo("CANCELLED");
        }
    }

    @Test
    void a_node_whose_redis_hangs_stops_all_the_same() throws Exception {
        try (TestRedis redis = TestRedis.start()) {
            TestNode node = TestNode.start(
                    Map.of("redis.url", redis.url(), "redis.timeout_ms", "500", "runner.drain_ms", "1000"));
            String ending = node.submit("import time; time.sleep(0.5)");
            String running = node.submit("import time; time.sleep(60)");
            node.awaitStart(ending);
            node.awaitStart(running);
            redis.hang();
            node.close();
            redis.goOn();
        }
    }

    @Test
    void a_second_node_is_refused_the_data_folder_and_told_where_the_first_one_is() throws Exception {
        Path data = folder.resolve("data");
        try (ServeProcess node = ServeProcess.start(data, Map.of())) {
            Process second = ServeProcess.command("serve", "--port", "0", "--data", data.toString())
                    .start();
            String said = new String(second.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(second.waitFor()).isEqualTo(2);
            assertThat(said).contains("Another node").contains(node.url()).contains("--data");
        }
    }

    @Test
    void a_node_that_loses_its_redis_says_so_and_ends() throws Exception {
        Path data = folder.resolve("data");
        try (ServeProcess node = ServeProcess.start(data, Map.of())) {
            node.descendants().stream()
                    .filter(p -> p.info().commandLine().orElse("").contains("redis"))
                    .forEach(ProcessHandle::destroyForcibly);
            assertThat(node.process().waitFor(40, TimeUnit.SECONDS)).isTrue();
            assertThat(node.process().exitValue()).isEqualTo(1);
        }
    }
}
