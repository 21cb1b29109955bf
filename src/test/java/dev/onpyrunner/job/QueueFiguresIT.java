package dev.onpyrunner.job;

import static dev.onpyrunner.job.TestStore.ANN;
import static dev.onpyrunner.job.TestStore.BOB;
import static dev.onpyrunner.job.TestStore.RUNTIME;
import static dev.onpyrunner.job.TestStore.spec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.onpyrunner.Await;
import dev.onpyrunner.job.TestStore.Setup;
import dev.onpyrunner.redis.RedisLink;
import dev.onpyrunner.redis.TestRedis;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the queue tells of itself, and how it mends what no set knows. */
@Timeout(60)
class QueueFiguresIT {
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

    private static TestStore store() {
        return TestStore.open(link, Setup.USUAL);
    }

    private static QueueFigures queue(TestStore store) {
        return Await.get(store.jobs.queue());
    }

    @Test
    void an_empty_queue_has_nothing_to_tell() {
        assertThat(queue(store())).isEqualTo(new QueueFigures(0, 0, 0, 0, 0, false, 0, 0));
    }

    @Test
    void what_waits_and_runs_is_counted_over_all_partitions() {
        TestStore store = TestStore.open(link, Setup.USUAL.withPartitions(3));
        int claimed = 0;
        for (int i = 0; i < 12; i++) {
            store.accept(new Owner("ip:10.0.1." + i));
        }
        for (int k = 0; k < 3; k++) {
            claimed += Await.get(store.jobs.claim(k, List.of(RUNTIME), "node")).isPresent() ? 1 : 0;
        }
        assertThat(claimed).isEqualTo(3);
        QueueFigures queue = queue(store);
        assertThat(queue.depth()).isEqualTo(9);
        assertThat(queue.running()).isEqualTo(3);
        assertThat(queue.queuedBytes()).isGreaterThan(9 * 2_000);
    }

    @Test
    void the_age_is_that_of_the_job_which_waits_longest() {
        TestStore store = store();
        JobId first = store.accept(ANN);
        store.accept(ANN);
        long created = store.find(first).createdAt();
        Await.until("time passes", () -> queue(store).oldestMs() > 50);
        assertThat(store.claim().createdAt()).isEqualTo(created);
    }

    @Test
    void a_start_is_estimated_from_slots_and_the_time_that_jobs_took_of_late() {
        TestStore store = store();
        JobId first = store.accept(ANN);
        assertThat(store.find(first).place().estimatedStartMs())
                .as("nobody runs jobs")
                .isEqualTo(-1);
        Await.get(store.jobs.reap(0, Optional.of(new Nodes.Slots(4, 8))));
        store.send(Command.HSET, store.key("stats"), "run_ms", "1000");
        assertThat(store.find(first).place().estimatedStartMs())
                .as("a slot is free")
                .isZero();
        for (int i = 0; i < 12; i++) {
            store.accept(ANN);
        }
        for (int i = 0; i < 4; i++) {
            store.claim();
        }
        JobId last = store.accept(ANN);
        Job.Place place = store.find(last).place();
        assertThat(place.position()).isEqualTo(10);
        assertThat(place.estimatedStartMs()).isEqualTo(2_500);
        QueueFigures queue = queue(store);
        assertThat(queue.slots()).isEqualTo(4);
        assertThat(queue.estimatedWaitMs()).isEqualTo(2_750);
    }

    @Test
    void the_mean_follows_what_jobs_take() {
        TestStore store = store();
        store.send(Command.HSET, store.key("stats"), "run_ms", "8000");
        for (int i = 0; i < 20; i++) {
            store.accept(ANN);
            store.finish(store.claim(), 2);
        }
        assertThat(queue(store).runMs()).isBetween(0L, 400L);
    }

    @Test
    void a_running_job_without_a_lease_counts_as_lost_once_somebody_looks() {
        TestStore store = store();
        JobId id = store.accept(ANN);
        Claim claim = store.claim();
        store.send(Command.ZREM, store.key("lease"), id);
        assertThat(store.find(id).status()).isEqualTo(JobStatus.RUNNING);
        assertThat(store.reap()).containsExactly(new JobStore.Reaped(id, JobStore.Reaped.What.REQUEUED, "here"));
        Claim second = store.claim();
        assertThat(second.fence()).isGreaterThan(claim.fence());
        store.finish(second, 2);
    }

    @Test
    void its_runner_keeps_it_when_it_still_lives() {
        TestStore store = store();
        JobId id = store.accept(ANN);
        Claim claim = store.claim();
        store.send(Command.ZREM, store.key("lease"), id);
        store.find(id);
        assertThat(Await.get(store.jobs.beat(claim))).isEqualTo(new JobStore.Asked(false, false));
        store.tryReap();
        store.finish(claim, 2);
        assertThat(store.find(id).status()).isEqualTo(JobStatus.DONE);
    }

    @Test
    void a_queued_job_that_no_queue_knows_is_queued_again_at_its_place() {
        TestStore store = store();
        JobId first = store.accept(ANN);
        JobId second = store.accept(ANN);
        store.send(Command.ZREM, store.key("ready:" + RUNTIME), first);
        store.send(Command.ZREM, store.key("deadline"), first);
        assertThat(store.position(first)).isEqualTo(1);
        assertThat(store.position(second)).isEqualTo(2);
        assertThat(store.claim().id()).isEqualTo(first);
    }

    @Test
    void a_queue_entry_without_a_job_does_not_hold_back_the_others() {
        TestStore store = store();
        JobId gone = store.accept(ANN);
        JobId next = store.accept(ANN);
        store.send(Command.DEL, store.key("job:" + gone));
        assertThat(store.claim().id()).isEqualTo(next);
        assertThat(store.tryClaim()).isEmpty();
        assertThat(queue(store).depth()).isZero();
    }

    @Test
    void a_job_of_a_newer_release_is_mended_by_its_nodes() {
        TestStore store = store();
        JobId runs = store.accept(ANN);
        store.claim();
        JobId waits = store.accept(ANN);
        List.of(runs, waits).forEach(id -> store.send(Command.HSET, store.key("job:" + id), "v", 99));
        store.send(Command.ZREM, store.key("lease"), runs);
        store.send(Command.ZREM, store.key("ready:" + RUNTIME), waits);
        assertThat(store.find(runs).status()).isEqualTo(JobStatus.RUNNING);
        assertThat(store.position(waits)).isEqualTo(1);
        assertThat(store.keys()).doesNotContain("{0}:lease", "{0}:ready:" + RUNTIME);
    }

    @Test
    void a_job_of_a_newer_release_is_left_to_its_runners_and_holds_nobody_back() {
        TestStore store = store();
        JobId newer = store.accept(ANN);
        store.send(Command.HSET, store.key("job:" + newer), "v", 2, "more", "than we know");
        JobId ours = store.accept(BOB, spec("pass", RUNTIME, 7, 60, 1));
        assertThat(store.claim().id()).isEqualTo(ours);
        assertThat(store.tryClaim()).isEmpty();
        assertThat(store.find(newer).status()).as("it can be read").isEqualTo(JobStatus.QUEUED);
        assertThat(store.cancel(newer)).isEqualTo(JobStore.Cancel.Met.AT_ONCE);
    }

    @Test
    void a_job_that_has_ended_is_never_claimed_again() {
        TestStore store = store();
        JobId id = store.accept(ANN);
        store.finish(store.claim(), 2);
        store.send(Command.ZADD, store.key("ready:" + RUNTIME), 1, id);
        assertThat(store.tryClaim()).isEmpty();
        assertThat(store.find(id).status()).isEqualTo(JobStatus.DONE);
    }

    @Test
    void output_of_a_start_that_does_not_count_is_not_shown() {
        TestStore store = store();
        JobId id = store.accept(ANN);
        Claim claim = store.claim();
        store.emit(claim, TestStore.out(claim, 2, "of the first start"));
        Await.get(store.jobs.release(claim));
        store.cancel(id);
        assertThat(Await.get(store.jobs.output(store.find(id))).stdout().length())
                .isZero();
    }

    @Test
    void nodes_are_known_while_they_say_so() {
        TestStore store = store();
        Nodes nodes = new Nodes(link, store.jobs.settings());
        Nodes.Info one = new Nodes.Info("one", List.of("http"), List.of(), "1", 0, 0, 0, false);
        Nodes.Info two = new Nodes.Info("two", List.of("http", "runner"), List.of("python3.11"), "1", 4, 8, 2, true);
        assertThat(Await.get(nodes.beat(two))).containsExactly(two);
        assertThat(Await.get(nodes.beat(one))).containsExactly(one, two);
        Await.get(nodes.leave("two"));
        assertThat(Await.get(nodes.all())).containsExactly(one);
        // As when it has been silent for its time.
        store.send(Command.ZADD, store.prefix + ":{nodes}:seen", 1, "one");
        assertThat(Await.get(nodes.all())).isEmpty();
    }

    @Test
    void given_up_jobs_are_listed_the_latest_first() {
        TestStore store = TestStore.open(link, Setup.USUAL.withTimeout(30));
        JobId first = store.accept(ANN);
        store.reap();
        JobId second = store.accept(ANN);
        store.reap();
        assertThat(Await.get(store.jobs.dead(10))).extracting(JobStore.Dead::id).containsExactly(second, first);
        assertThat(Await.get(store.jobs.dead(1))).extracting(JobStore.Dead::why).containsExactly("QUEUE_TIMEOUT");
    }
}
