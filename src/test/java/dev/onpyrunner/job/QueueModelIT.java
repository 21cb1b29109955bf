package dev.onpyrunner.job;

import static org.assertj.core.api.Assertions.assertThat;

import dev.onpyrunner.Await;
import dev.onpyrunner.redis.RedisLink;
import dev.onpyrunner.redis.TestRedis;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The queue's scripts against a model of them, over thousands of histories: every answer, and after each step all that
 * Redis holds.
 *
 * <p>Longer: {@code -Dmodel.histories=100000}; a history again: {@code -Dmodel.seed=…}, which is the first one's.
 */
@Timeout(300)
class QueueModelIT {
    private static final int HISTORIES = Integer.getInteger("model.histories", 2_000);
    private static final long SEED = Long.getLong("model.seed", System.nanoTime() % 1_000_000_000);
    private static final int LENGTH = 40;
    private static final int DEPTH = 7;

    private static Vertx vertx;
    private static TestRedis redis;
    private static RedisLink link;

    @BeforeAll
    static void start() throws IOException {
        vertx = Vertx.vertx();
        redis = TestRedis.start();
        link = redis.link(vertx);
    }

    @AfterAll
    static void stop() throws IOException {
        Await.get(vertx.close());
        redis.close();
    }

    @Test
    void over_random_histories_they_never_differ() {
        for (int h = 0; h < HISTORIES; h++) {
            long seed = SEED + h;
            Random random = new Random(seed);
            List<QueueStep> history = new ArrayList<>();
            for (int i = 0; i < LENGTH; i++) {
                history.add(QueueStep.random(random));
            }
            Optional<String> wrong = QueueTwin.differences(link, history);
            if (wrong.isPresent()) {
                List<QueueStep> shortest = shrink(history);
                throw new AssertionError("-Dmodel.seed=" + seed + ": "
                        + QueueTwin.differences(link, shortest).orElse(wrong.get()) + "\nShortest history:\n"
                        + lines(shortest));
            }
            if (h % 100 == 99) {
                TestRedis.send(link, Command.FLUSHALL);
            }
        }
    }

    private static String lines(List<QueueStep> history) {
        StringBuilder lines = new StringBuilder();
        history.forEach(step -> lines.append("  ").append(step).append('\n'));
        return lines.toString();
    }

    /** Takes steps out for as long as it still goes wrong. */
    private static List<QueueStep> shrink(List<QueueStep> history) {
        List<QueueStep> shortest = history;
        for (int i = shortest.size() - 1; i >= 0; i--) {
            List<QueueStep> less = new ArrayList<>(shortest);
            less.remove(i);
            if (QueueTwin.differences(link, less).isPresent()) {
                shortest = less;
                i = Math.min(i, shortest.size());
            }
        }
        return shortest;
    }

    /** What may happen to two jobs and two claims. */
    private static List<QueueStep> smallSteps() {
        List<QueueStep> steps = new ArrayList<>();
        steps.add(new QueueStep.Accept(0, 4, "", "pass", 2));
        steps.add(new QueueStep.Claim());
        steps.add(new QueueStep.Reap());
        for (int i = 0; i < 2; i++) {
            steps.add(new QueueStep.Emit(i, 0));
            steps.add(new QueueStep.StoreFile(i, 0));
            steps.add(new QueueStep.Beat(i));
            steps.add(new QueueStep.Finish(i, JobStatus.DONE));
            steps.add(new QueueStep.Release(i));
            steps.add(new QueueStep.Cancel(i));
            steps.add(new QueueStep.Purge(i));
            steps.add(new QueueStep.EndLease(i));
            steps.add(new QueueStep.EndWait(i));
        }
        return steps;
    }

    @Test
    void over_every_history_of_two_jobs_up_to_a_length_they_never_differ() {
        Set<String> seen = new HashSet<>();
        Deque<List<QueueStep>> open = new ArrayDeque<>();
        open.add(List.of());
        int tried = 0;
        while (!open.isEmpty()) {
            List<QueueStep> history = open.remove();
            for (QueueStep step : smallSteps()) {
                List<QueueStep> longer = new ArrayList<>(history);
                longer.add(step);
                QueueTwin twin = new QueueTwin(link);
                Optional<String> wrong = twin.live(longer);
                assertThat(wrong).as(lines(longer)).isEmpty();
                tried++;
                boolean small =
                        twin.model().jobs.size() <= 2 && twin.model().claims.size() <= 3;
                if (small && longer.size() < DEPTH && seen.add(twin.model().shape())) {
                    open.add(longer);
                }
            }
            TestRedis.send(link, Command.FLUSHALL);
        }
        assertThat(tried).isGreaterThan(1_000);
        System.out.println("QueueModelIT: " + seen.size() + " states, " + tried + " histories");
    }
}
