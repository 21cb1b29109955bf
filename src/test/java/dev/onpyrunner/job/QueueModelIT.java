package dev.onpyrunner.job;

import static org.assertj.core.api.Assertions.assertThat;

import dev.onpyrunner.Await;
import dev.onpyrunner.redis.RedisLink;
import dev.onpyrunner.redis.TestRedis;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The queue's scripts against a {@link QueueModel}: workers die or pause, leases end, replies are lost, reapers run
 * twice, and after each step every answer, every key and every job must be what the model says.
 *
 * <p>A failure names its seed: {@code -Dmodel.seed=… -Dmodel.histories=1} repeats it; more histories, or a greater
 * {@code -Dmodel.depth}, look further. Plain JUnit and {@link java.util.Random}: jqwik runs on JUnit 6, but prints
 * conditions of use into every run, and all that is needed of it is to leave steps out.
 */
class QueueModelIT {
    private static final int HISTORIES = 2_000;
    private static final int DEPTH = 6;

    private static Vertx vertx;
    private static TestRedis redis;
    private static RedisLink link;

    @BeforeAll
    static void start() throws IOException {
        vertx = Vertx.vertx();
        redis = TestRedis.start();
        link = redis.link(vertx);
        // The log of all this would be large, and nobody reads it.
        TestRedis.send(link, Command.CONFIG, "SET", "appendonly", "no");
    }

    @AfterAll
    static void stop() throws IOException {
        Await.get(vertx.close());
        redis.close();
    }

    private static long seed() {
        return Long.getLong("model.seed", System.currentTimeMillis());
    }

    @Test
    void random_histories_are_as_the_model_says() {
        int histories = Integer.getInteger("model.histories", HISTORIES);
        assertThat(QueueHistories.report(link, seed(), histories, true)).isEmpty();
    }

    @Test
    void whatever_happens_to_two_jobs_and_two_workers_is_as_the_model_says() {
        QueueHistories.Explored explored = QueueHistories.explore(link, Integer.getInteger("model.depth", DEPTH));
        assertThat(explored.wrong()).isEmpty();
        assertThat(explored.states()).isGreaterThan(100);
    }

    @ParameterizedTest
    @MethodSource
    void a_fault_in_a_script_is_found(QueueMutant mutant) throws ReflectiveOperationException {
        assertThat(mutant.search(link, seed())).isNotEmpty();
    }

    static List<QueueMutant> a_fault_in_a_script_is_found() {
        String tag = "math.max(claimed_tag, sum.tag) + 1";
        return List.of(
                new QueueMutant("common", "j[1] == 'RUNNING' and j[2] == token", "j[1] == 'RUNNING'"),
                new QueueMutant("common", "'requeued', int(", "'state', int("),
                new QueueMutant("common", "  drop_files(id)\n  redis", "  redis"),
                new QueueMutant("common", "'ready:' .. j[3], j[2], id", "'ready:' .. j[3], num(j[2]) + 1, id"),
                new QueueMutant("common", "redis.call('PEXPIREAT', log_key(id), at)", ""),
                new QueueMutant("common", "if not fence then append", "if false then append"),
                new QueueMutant("common", "num(sum[2]) - 1", "num(sum[2])"),
                new QueueMutant("accept", tag, "sum.tag + 1"),
                new QueueMutant("accept", tag, "claimed_tag + 1"),
                new QueueMutant("accept", "sum.live >= most_live", "sum.live > most_live"),
                new QueueMutant("accept", "redis.call('EXISTS', ready) == 0", "token ~= ''"),
                new QueueMutant("accept", "    claimed_tag = tag\n", ""),
                new QueueMutant("common", "math.max(num(before) + 1, now)", "now"),
                new QueueMutant("claim", "redis.call('ZREM', P .. 'deadline', best)", ""),
                new QueueMutant("claim", "count_waiting(j[7], -1)\n", ""),
                new QueueMutant("common", "  count_waiting(j[7], 1)\n", ""),
                new QueueMutant("accept", "and not starts then", "then"),
                new QueueMutant("emit", "num(ARGV[i]) > last", "true"),
                new QueueMutant("finish", "if before[1] == ARGV[3] then return {1, before[2]} end", ""),
                new QueueMutant("cancel", "redis.call('HSETNX', KEYS[1], 'cancel', int(now_ms()))", ""),
                new QueueMutant("release", "redis.call('HINCRBY', KEYS[1], 'starts', -1)", ""),
                new QueueMutant("release", "if j[8] then", "if false then"),
                new QueueMutant("reap", "num(j[2]) >= num(j[3])", "num(j[2]) > num(j[3])"),
                new QueueMutant("file", "#ARGV[5] - before", "#ARGV[5]"),
                new QueueMutant("purge", " or j[1] == 'RUNNING'", ""));
    }
}
