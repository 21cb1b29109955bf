package dev.onpyrunner.job;

import static dev.onpyrunner.job.TestStore.ANN;
import static dev.onpyrunner.job.TestStore.BOB;
import static dev.onpyrunner.job.TestStore.out;
import static dev.onpyrunner.job.TestStore.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.onpyrunner.Await;
import dev.onpyrunner.job.TestStore.Setup;
import dev.onpyrunner.redis.RedisLink;
import dev.onpyrunner.redis.TestRedis;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is accepted and what is not: by number, by bytes, by rate, and by how full Redis is. */
@Timeout(60)
class AdmissionIT {
    private static final long OVERHEAD = 2_000;
    private static final int TOMBSTONES = 100_000;

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

    private static TestStore store(Setup setup) {
        return TestStore.open(link, setup);
    }

    private static JobSpec ofBytes(int bytes) {
        return spec("#".repeat(bytes));
    }

    /** What a request is charged. */
    private static long charge(JobSpec spec) {
        return spec.toJson().toBuffer().length() + OVERHEAD;
    }

    private static long stored(TestStore store, Owner owner) {
        var r = store.send(Command.HGET, store.key("owner-sum:" + owner.name()), "bytes");
        return r == null ? 0 : r.toLong();
    }

    private static long queued(TestStore store) {
        return store.send(Command.HGET, store.key("stats"), "queued_bytes").toLong();
    }

    @Test
    void the_queue_is_bounded_by_bytes_and_what_leaves_it_makes_room() {
        JobSpec large = ofBytes(50_000);
        TestStore store = store(Setup.USUAL.withBytes(2 * charge(large) + 100, 1L << 40));
        store.accept(ANN, large);
        JobId second = store.accept(ANN, large);
        Set<String> before = store.keys();
        assertThatThrownBy(() -> store.accept(ANN, large))
                .isInstanceOf(Refusal.QueueFull.class)
                .hasMessageContaining("bytes");
        assertThat(store.keys()).isEqualTo(before);
        Claim claim = store.claim();
        store.accept(ANN, large);
        assertThatThrownBy(() -> store.accept(ANN, large)).isInstanceOf(Refusal.QueueFull.class);
        store.cancel(second);
        JobId fourth = store.accept(ANN, large);
        assertThat(queued(store)).isEqualTo(2 * charge(large));
        Await.get(store.jobs.release(claim));
        assertThat(queued(store)).as("a job that was given back waits again").isEqualTo(3 * charge(large));
        store.cancel(fourth);
        while (store.tryClaim().isPresent()) {
            // take all
        }
        assertThat(queued(store)).isZero();
    }

    @Test
    void a_job_that_waited_too_long_no_longer_counts() {
        TestStore store = store(Setup.USUAL.withTimeout(50));
        store.accept(ANN);
        assertThat(queued(store)).isPositive();
        store.reap();
        assertThat(queued(store)).isZero();
    }

    @Test
    void one_client_may_store_so_many_bytes_and_a_purge_makes_room() {
        JobSpec spec = spec("pass");
        TestStore store = store(Setup.USUAL.withBytes(1L << 40, 3 * charge(spec) + 40_000));
        JobId first = store.accept(ANN, spec);
        Claim claim = store.claim();
        store.storeFile(claim, "a.txt", "f".repeat(5_000));
        store.storeFile(claim, "a.txt", "f".repeat(6_000));
        store.finish(claim, 4, out(claim, 2, "x".repeat(20_000)), out(claim, 3, "y".repeat(10_000)));
        long result =
                store.send(Command.HSTRLEN, store.key("job:" + first), "result").toLong();
        assertThat(stored(store, ANN)).isEqualTo(charge(spec) + 36_000 + result);
        store.accept(ANN, spec);
        Refusal.TooManyBytes refusal =
                catchThrowableOfType(Refusal.TooManyBytes.class, () -> store.accept(ANN, ofBytes(10_000)));
        assertThat(refusal.retryAfterMs()).as("until the first job expires").isBetween(30_000L, 60_000L);
        assertThat(store.accept(BOB, ofBytes(10_000))).as("another client").isNotNull();
        assertThat(Await.get(store.jobs.purge(first))).isTrue();
        assertThat(stored(store, ANN)).isEqualTo(charge(spec));
        assertThat(store.accept(ANN, ofBytes(10_000))).isNotNull();
    }

    @Test
    void what_has_expired_no_longer_counts() {
        TestStore store = store(Setup.USUAL);
        JobId id = store.accept(ANN, spec("pass", TestStore.RUNTIME, 4, 1, 1));
        store.finish(store.claim(), 2);
        assertThat(stored(store, ANN)).isPositive();
        Await.until("the job has expired", () -> !store.keys().contains("{0}:job:" + id));
        JobSpec next = spec("pass");
        store.accept(ANN, next);
        assertThat(stored(store, ANN)).isEqualTo(charge(next));
        assertThat(store.send(Command.ZCARD, store.key("owner-kept:" + ANN.name()))
                        .toLong())
                .isZero();
    }

    @Test
    void what_is_kept_is_known_for_as_long_as_its_sum() {
        TestStore store = store(Setup.USUAL);
        for (int i = 0; i < 2; i++) {
            store.accept(ANN, spec("pass", TestStore.RUNTIME, 4, 3600 - 3000L * i, 1));
            store.finish(store.claim(), 2);
            assertThat(store.send(Command.PTTL, store.key("owner-kept:" + ANN.name()))
                            .toLong())
                    .isGreaterThanOrEqualTo(store.send(Command.PTTL, store.key("owner-sum:" + ANN.name()))
                                    .toLong()
                            - 50);
        }
    }

    @Test
    void an_account_is_kept_for_longer_than_any_job_of_it() {
        TestStore store = store(Setup.USUAL);
        for (long keepS : List.of(60L, 10L * 86_400, 60L)) {
            store.accept(ANN, spec("pass", TestStore.RUNTIME, 4, keepS, 1));
        }
        long life =
                store.send(Command.PTTL, store.key("owner-sum:" + ANN.name())).toLong();
        assertThat(life).isGreaterThan(11L * 86_400_000);
        store.send(Command.HDEL, store.key("owner-sum:" + ANN.name()), "until");
        store.send(Command.PEXPIRE, store.key("owner-sum:" + ANN.name()), 1_000_000);
        for (int i = 0; i < 3; i++) {
            store.finish(store.claim(), 2);
        }
        assertThat(store.send(Command.PTTL, store.key("owner-sum:" + ANN.name()))
                        .toLong())
                .isGreaterThan(11L * 86_400_000);
        assertThat(store.live(ANN)).isZero();
    }

    @Test
    void jobs_that_come_together_are_answered_each_for_itself() {
        int most = 50;
        TestStore store = store(Setup.USUAL.withCaps(100_000, most));
        JobSpec spec = spec("pass");
        Optional<Idempotency> key = Optional.of(Idempotency.of(ANN, "key", spec));
        List<Future<JobStore.Accepted>> all = new ArrayList<>();
        for (int i = 0; i < 2 * most; i++) {
            Owner owner = i % 2 == 0 ? ANN : BOB;
            all.add(store.jobs.accept(owner, spec, i % 8 == 0 ? key : Optional.empty(), "here"));
        }
        Future<?> ended = Future.join(all);
        Await.until("all are answered", ended::isComplete);
        List<JobId> stored =
                all.stream().filter(Future::succeeded).map(a -> a.result().id()).toList();
        assertThat(Set.copyOf(stored)).as("one key, one job").hasSize(2 * most - 12);
        assertThat(all.stream().filter(a -> a.result().replayed())).hasSize(12);
        assertThat(store.live(ANN)).isEqualTo(most - 12);
        assertThat(store.live(BOB)).isEqualTo(most);
        assertThat(stored(store, BOB)).isEqualTo(most * charge(spec));
        assertThat(Await.get(store.jobs.queue()).depth()).isEqualTo(2 * most - 12);
        List<Future<JobStore.Accepted>> more = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            more.add(store.jobs.accept(i % 2 == 0 ? ANN : BOB, spec, Optional.empty(), "here"));
        }
        Await.until("all are answered", Future.join(more)::isComplete);
        assertThat(more.stream().filter(Future::failed))
                .as("BOB has as many as he may have, and ANN takes the rest of hers")
                .hasSize(20 + 20 - 12)
                .allSatisfy(f -> assertThat(f.cause()).isInstanceOf(Refusal.TooManyJobs.class));
        assertThat(store.live(ANN)).isEqualTo(most);
    }

    @Test
    void what_has_expired_leaves_room_before_the_next_post() {
        TestStore store = store(Setup.USUAL.withBytes(1L << 40, 400_000));
        JobId id = store.accept(ANN, spec("pass", TestStore.RUNTIME, 4, 1, 1));
        store.accept(ANN);
        Claim claim = store.claim();
        store.finish(claim, 3, out(claim, 2, "x".repeat(200_000)));
        Await.until("the job has expired", () -> !store.keys().contains("{0}:job:" + id));
        assertThat(store.claim().room()).isGreaterThan(390_000);
    }

    @Test
    void one_client_may_post_so_often_and_hears_when_again() {
        TestStore store = store(Setup.USUAL.withRate(2, 5));
        for (int i = 0; i < 5; i++) {
            store.accept(ANN);
        }
        Refusal.TooManyPosts refusal = catchThrowableOfType(Refusal.TooManyPosts.class, () -> store.accept(ANN));
        assertThat(refusal.retryAfterMs()).isBetween(1L, 500L);
        assertThat(store.accept(BOB)).isNotNull();
        Await.until("the next post is allowed", () -> {
            try {
                store.accept(ANN);
                return true;
            } catch (Refusal.TooManyPosts e) {
                return false;
            }
        });
        assertThatThrownBy(() -> store.accept(ANN)).isInstanceOf(Refusal.TooManyPosts.class);
    }

    @Test
    void a_repeat_under_its_key_is_no_second_post() {
        TestStore store = store(Setup.USUAL.withRate(1, 1).withCaps(1, 1));
        JobStore.Accepted first = store.accept(ANN, spec("pass"), "key");
        assertThat(store.accept(ANN, spec("pass"), "key"))
                .isEqualTo(new JobStore.Accepted(first.id(), true, null, null));
    }

    @Test
    void a_redis_that_is_nearly_full_takes_nothing_new_and_answers_repeats() throws IOException {
        try (TestRedis small = TestRedis.start()) {
            RedisLink own = small.link(vertx);
            TestStore store = TestStore.open(own, Setup.USUAL);
            JobStore.Accepted kept = store.accept(ANN, spec("pass"), "key");
            Claim claim = store.claim();
            long used = Long.parseLong(
                    store.send(Command.INFO, "memory").toString().replaceAll("(?s).*used_memory:([0-9]+).*", "$1"));
            store.send(Command.CONFIG, "SET", "maxmemory", used * 10 / 9); // 90 % full
            JobId waiting = store.accept(ANN);
            store.tryReap();
            assertThatThrownBy(() -> store.accept(ANN)).isInstanceOf(Refusal.StoreFull.class);
            assertThat(store.tryClaim()).as("what waits would write").isEmpty();
            assertThat(store.position(waiting)).isEqualTo(1);
            assertThat(store.accept(ANN, spec("pass"), "key"))
                    .isEqualTo(new JobStore.Accepted(kept.id(), true, null, null));
            store.finish(claim, 2);
            assertThat(store.find(kept.id()).status()).isEqualTo(JobStatus.DONE);

            store.send(Command.CONFIG, "SET", "maxmemory", 1); // wholly full
            assertThat(store.accept(ANN, spec("pass"), "key"))
                    .isEqualTo(new JobStore.Accepted(kept.id(), true, null, null));
            assertThatThrownBy(() -> store.accept(ANN, spec("other"), "key")).isInstanceOf(Refusal.KeyReused.class);
            assertThatThrownBy(() -> store.accept(ANN, spec("pass"), "new")).isInstanceOf(Refusal.StoreFull.class);

            store.send(Command.CONFIG, "SET", "maxmemory", used * 10); // 10 % full
            store.tryReap();
            assertThat(store.accept(ANN)).isNotNull();
            assertThat(store.claim().id()).isEqualTo(waiting);
            Await.get(own.close());
        }
    }

    @Test
    void a_full_queue_says_when_a_place_will_be_free() {
        TestStore store = store(Setup.USUAL.withCaps(1, 10));
        store.accept(ANN);
        store.send(Command.HSET, store.key("stats"), "run_ms", "20000.0", "slots", "2");
        Refusal.QueueFull refusal = catchThrowableOfType(Refusal.QueueFull.class, () -> store.accept(ANN));
        assertThat(refusal.retryAfterMs()).isEqualTo(10_000);
    }

    @Test
    void there_are_only_so_many_tombstones_and_the_oldest_give_way() {
        TestStore store = store(Setup.USUAL);
        // In parts: on a busy machine all of it could take longer than one answer may.
        for (int from = 1; from < TOMBSTONES; from += TOMBSTONES / 20) {
            store.send(
                    Command.EVAL,
                    "for i = " + from + ", " + (from + TOMBSTONES / 20 - 1)
                            + " do redis.call('ZADD', KEYS[1], 4e12 + i, 'old-' .. i) end",
                    1,
                    store.key("gone"));
        }
        store.send(Command.ZADD, store.key("gone"), 5, "over for long");
        JobId id = store.accept(ANN, spec("pass", TestStore.RUNTIME, 4, 80_000_000_000L / 1000, 1));
        store.finish(store.claim(), 2);
        assertThat(store.send(Command.ZCARD, store.key("gone")).toLong()).isEqualTo(TOMBSTONES);
        assertThat(store.send(Command.ZSCORE, store.key("gone"), "over for long"))
                .isNull();
        assertThat(store.send(Command.ZSCORE, store.key("gone"), "old-2")).isNotNull();
        assertThat(id).isNotNull();
    }
}
