package dev.onpyrunner.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.TestNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * The job beside the hostile ones: one after another of about a second each, so that there always is one, and each must
 * print exactly what it prints when it is alone.
 */
final class Neighbour {
    /** nsjail, process 1, the program and its child. */
    static final int PROCESSES = 4;

    private static final int TICKS = 20;
    private static final long LIMIT_S = 60;

    private final TestNode node;
    private final String source;
    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    private final CountDownLatch begun = new CountDownLatch(1);
    private final Future<Integer> runs;
    private volatile boolean last;

    Neighbour(TestNode node) throws Exception {
        this.node = node;
        source = Files.readString(HostileProgram.FOLDER.resolve("neighbour.py"));
        runs = thread.submit(this::runOneAfterAnother);
        assertThat(begun.await(LIMIT_S, TimeUnit.SECONDS))
                .as("the neighbour has begun")
                .isTrue();
    }

    private int runOneAfterAnother() throws Exception {
        int count = 0;
        while (!last) {
            String word = "word-" + ++count + "-" + System.nanoTime();
            String id = node.submit(Map.of("source", source, "stdin", word + "\n"));
            node.awaitStart(id);
            begun.countDown();
            JsonNode job = node.awaitEnd(id);
            assertThat(job.path("stdout").asText())
                    .as("the neighbour's output: %s", job)
                    .isEqualTo(expected(word));
            assertThat(job.path("outcome").asText()).isEqualTo("OK");
            assertThat(job.path("stderr").asText()).isEmpty();
            assertThat(job.path("starts").asInt()).isEqualTo(1);
        }
        return count;
    }

    private static String expected(String word) throws Exception {
        StringBuilder lines = new StringBuilder();
        byte[] state = word.getBytes(StandardCharsets.UTF_8);
        for (int tick = 0; tick < TICKS; tick++) {
            state = MessageDigest.getInstance("SHA-256").digest(state);
            lines.append(tick)
                    .append(' ')
                    .append(HexFormat.of().formatHex(state))
                    .append('\n');
        }
        return lines.append("untouched ").append(word).append('\n').toString();
    }

    /** Waits for the end of the one that runs; fails if any was disturbed. */
    void end() throws Exception {
        last = true;
        try {
            assertThat(runs.get(LIMIT_S, TimeUnit.SECONDS)).isPositive();
        } catch (ExecutionException e) {
            throw new AssertionError("the neighbour was disturbed", e.getCause());
        } finally {
            thread.shutdownNow();
        }
    }
}
