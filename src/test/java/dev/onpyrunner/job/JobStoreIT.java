package dev.onpyrunner.job;

import static dev.onpyrunner.job.TestStore.ANN;
import static dev.onpyrunner.job.TestStore.BOB;
import static dev.onpyrunner.job.TestStore.RESULT;
import static dev.onpyrunner.job.TestStore.RUNTIME;
import static dev.onpyrunner.job.TestStore.out;
import static dev.onpyrunner.job.TestStore.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.onpyrunner.Await;
import dev.onpyrunner.job.TestStore.Setup;
import dev.onpyrunner.redis.RedisLink;
import dev.onpyrunner.redis.TestRedis;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.redis.client.Command;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the queue's scripts promise, on a real Redis. */
@Timeout(60)
class JobStoreIT {
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

    private static JobStore.Reaped reaped(JobId id, JobStore.Reaped.What what) {
        return new JobStore.Reaped(id, what, "here");
    }

    private static TestStore store() {
        return store(Setup.USUAL);
    }

    private static TestStore store(Setup setup) {
        return TestStore.open(link, setup);
    }

    @Nested
    class Accepting {
        @Test
        void stores_the_job_its_place_and_its_first_event() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            Job job = store.find(id);
            assertThat(job.status()).isEqualTo(JobStatus.QUEUED);
            assertThat(job.place().position()).isEqualTo(1);
            assertThat(job.starts()).isZero();
            assertThat(job.limits()).isEqualTo(TestStore.LIMITS);
            assertThat(job.createdAt()).isPositive();
            assertThat(store.log(id))
                    .containsExactly(new JobEvent(new EventId(0, 1), JobEvent.STATE, 0, Buffer.buffer("QUEUED")));
            assertThat(store.send(Command.ZRANK, store.key("ready:" + RUNTIME), id)
                            .toLong())
                    .isZero();
            assertThat(store.send(Command.ZSCORE, store.key("deadline"), id).toLong())
                    .isEqualTo(job.createdAt() + Setup.USUAL.timeoutMs());
            assertThat(store.send(Command.PTTL, store.key("job:" + id)).toLong())
                    .isEqualTo(-1);
        }

        @Test
        void tells_of_the_job_what_a_look_would() {
            TestStore store = store();
            store.accept(ANN);
            JobSpec spec = spec("pass", "python3", 7, 60, 2);
            JobStore.Accepted accepted = Await.get(store.jobs.accept(ANN, spec, Optional.empty(), "here"));
            assertThat(accepted.job()).isEqualTo(store.find(accepted.id()));
            assertThat(accepted.job().place().position()).isEqualTo(2);
        }

        @Test
        void refuses_when_the_queue_is_full_and_stores_nothing() {
            TestStore store = store(Setup.USUAL.withCaps(2, 100));
            store.accept(ANN);
            store.accept(ANN);
            Set<String> before = store.keys();
            assertThatThrownBy(() -> store.accept(BOB)).isInstanceOf(Refusal.QueueFull.class);
            assertThat(store.keys()).isEqualTo(before);
            store.claim();
            assertThat(store.accept(BOB)).isNotNull();
        }

        @Test
        void refuses_an_owner_with_too_many_live_jobs_until_one_ends() {
            TestStore store = store(Setup.USUAL.withCaps(100, 2));
            store.accept(ANN);
            store.accept(ANN);
            Claim claim = store.claim();
            Set<String> before = store.keys();
            assertThatThrownBy(() -> store.accept(ANN)).isInstanceOf(Refusal.TooManyJobs.class);
            assertThat(store.keys()).isEqualTo(before);
            assertThat(store.accept(BOB)).isNotNull();
            store.finish(claim, 2);
            assertThat(store.accept(ANN)).isNotNull();
        }

        @Test
        void refuses_when_memory_is_full_while_accepted_jobs_go_on_to_their_end() throws IOException {
            try (TestRedis small = TestRedis.start()) {
                RedisLink own = small.link(vertx);
                TestStore store = TestStore.open(own, Setup.USUAL);
                JobId first = store.accept(ANN);
                JobId second = store.accept(ANN);
                JobId third = store.accept(ANN);
                store.send(Command.CONFIG, "SET", "maxmemory", 1);
                Set<String> before = store.keys();
                assertThatThrownBy(() -> store.accept(ANN)).isInstanceOf(Refusal.StoreFull.class);
                assertThat(store.keys()).isEqualTo(before);

                Claim claim = store.claim();
                store.emit(claim, out(claim, 2, "a".repeat(10_000)));
                assertThat(Await.get(store.jobs.beat(claim))).isEqualTo(new JobStore.Asked(false, false));
                store.finish(claim, 4, out(claim, 3, "b"));
                assertThat(store.find(first).status()).isEqualTo(JobStatus.DONE);
                assertThat(store.cancel(third)).isEqualTo(JobStore.Cancel.Met.AT_ONCE);
                store.claim();
                assertThat(store.reap()).containsExactly(reaped(second, JobStore.Reaped.What.REQUEUED));

                store.send(Command.CONFIG, "SET", "maxmemory", 1 << 28);
                store.tryReap(); // looks how full Redis is
                assertThat(store.accept(ANN)).isNotNull();
                Await.get(own.close());
            }
        }

        @Test
        void an_owners_name_never_meets_another_owners_keys() {
            TestStore store = store();
            store.accept(new Owner("key:team"));
            assertThat(store.accept(new Owner("key:team:sum"))).isNotNull();
        }

        @Test
        void wakes_a_runner_that_waits() {
            TestStore store = store();
            RedisLink blocking =
                    Await.get(RedisLink.openBlocking(vertx, redis.settings(), "wake", 10_000, store.key("lease")));
            Future<Boolean> woken = store.jobs.awaitWake(blocking, 0, RUNTIME, "node", 10);
            Await.until(
                    "Redis blocks it",
                    () -> store.send(Command.INFO, "clients").toString().contains("blocked_clients:1"));
            assertThat(woken.isComplete()).isFalse();
            store.accept(ANN);
            assertThat(Await.get(woken)).isTrue();
            Await.get(blocking.close());
        }

        @Test
        void keeps_all_keys_of_a_job_in_the_partition_that_its_id_names() {
            TestStore store = store(Setup.USUAL.withPartitions(16));
            JobId id = store.accept(ANN, spec("pass"), "key").id();
            int k = ANN.partition(16);
            assertThat(id.partition()).isEqualTo(k).isNotZero();
            Claim claim =
                    Await.get(store.jobs.claim(k, List.of(RUNTIME), "node")).orElseThrow();
            store.emit(claim, out(claim, 2, "x"));
            store.storeFile(claim, "a", "1");
            store.finish(claim, 3);
            assertThat(store.keys())
                    .hasSizeGreaterThan(9)
                    .allSatisfy(key -> assertThat(key).startsWith("{" + k + "}:"));
            assertThat(store.find(id).status()).isEqualTo(JobStatus.DONE);
        }

        @Test
        void an_id_of_a_partition_that_is_not_there_is_no_job() {
            assertThatThrownBy(() -> store().find(JobId.random(7))).isInstanceOf(Refusal.NoSuchJob.class);
        }
    }

    @Nested
    class Order {
        private List<JobId> claimAll(TestStore store) {
            List<JobId> order = new ArrayList<>();
            for (Optional<Claim> c = store.tryClaim(); c.isPresent(); c = store.tryClaim()) {
                order.add(c.get().id());
            }
            return order;
        }

        @Test
        void is_first_come_first_served_for_one_owner() {
            TestStore store = store();
            List<JobId> accepted = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                accepted.add(store.accept(ANN));
            }
            assertThat(claimAll(store)).isEqualTo(accepted);
        }

        @Test
        void does_not_let_one_owners_many_jobs_hold_back_another() {
            TestStore store = store();
            for (int i = 0; i < 50; i++) {
                store.accept(ANN);
            }
            for (int i = 0; i < 10; i++) {
                store.claim();
            }
            JobId other = store.accept(BOB);
            assertThat(store.position(other)).isLessThanOrEqualTo(2);
            assertThat(claimAll(store).indexOf(other)).isLessThanOrEqualTo(1);
        }

        @Test
        void lets_two_owners_take_turns() {
            TestStore store = store();
            Set<JobId> anns = new java.util.HashSet<>();
            for (int i = 0; i < 10; i++) {
                anns.add(store.accept(ANN));
            }
            for (int i = 0; i < 10; i++) {
                store.accept(BOB);
            }
            List<JobId> order = claimAll(store);
            for (int n = 2; n <= 20; n += 2) {
                assertThat(order.subList(0, n).stream().filter(anns::contains).count())
                        .as("jobs of one owner among the first %d", n)
                        .isEqualTo(n / 2);
            }
        }

        @Test
        void puts_urgent_jobs_first() {
            TestStore store = store();
            JobId late = store.accept(ANN, spec("", RUNTIME, 7, 60, 2));
            JobId middle = store.accept(ANN, spec("", RUNTIME, 4, 60, 2));
            JobId urgent = store.accept(ANN, spec("", RUNTIME, 0, 60, 2));
            assertThat(claimAll(store)).containsExactly(urgent, middle, late);
        }

        @Test
        void does_not_starve_what_is_not_urgent() {
            TestStore store = store();
            JobId patient = store.accept(ANN, spec("", RUNTIME, 1, 60, 2));
            int others = 0;
            JobId claimed;
            do {
                store.accept(BOB, spec("", RUNTIME, 0, 60, 2));
                claimed = store.claim().id();
                others++;
            } while (!claimed.equals(patient) && others < 2_000);
            assertThat(others).isBetween(900, 1_100);
        }

        @Test
        void of_one_runtime_does_not_hold_back_an_owner_in_another() {
            TestStore store = store();
            for (int i = 0; i < 100; i++) {
                store.accept(ANN);
                store.claim();
            }
            JobId anns = store.accept(ANN, spec("", "python9", 4, 60, 2));
            for (int i = 0; i < 10; i++) {
                store.accept(BOB, spec("", "python9", 4, 60, 2));
            }
            assertThat(store.position(anns)).isLessThanOrEqualTo(2);
        }

        @Test
        void of_a_runner_with_two_runtimes_is_fair_between_them() {
            TestStore store = store();
            for (int i = 0; i < 100; i++) {
                store.accept(ANN);
                store.claim();
            }
            JobId anns = store.accept(ANN);
            List<JobId> order = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                store.accept(BOB, spec("", "python9", 4, 60, 2));
                order.add(store.tryClaim(RUNTIME, "python9").orElseThrow().id());
            }
            assertThat(order).contains(anns);
        }

        @Test
        void is_shown_as_the_position() {
            TestStore store = store();
            List<JobId> ids = List.of(store.accept(ANN), store.accept(ANN), store.accept(ANN));
            assertThat(ids).extracting(id -> store.position(id)).containsExactly(1L, 2L, 3L);
            store.claim();
            assertThat(ids).extracting(id -> store.position(id)).containsExactly(0L, 1L, 2L);
        }
    }

    @Nested
    class Claiming {
        @Test
        void brings_the_request_as_it_was_accepted_byte_for_byte() {
            TestStore store = store();
            Buffer binary = Buffer.buffer(new byte[] {0, 1, (byte) 0xff, (byte) 0xc3, 0x28, '\r', '\n', '"', '\\'});
            JobSpec spec = new JobSpec(
                    List.of(
                            new JobFile("main.py", Buffer.buffer("print('ä😀\\u0000')\n")),
                            new JobFile("data/x.bin", binary)),
                    "main.py",
                    binary,
                    List.of("", "a b", "é"),
                    Map.of("KEY", "wert=\n"),
                    RUNTIME,
                    TestStore.LIMITS,
                    3,
                    77,
                    5);
            JobId id = store.accept(ANN, spec);
            Claim claim = store.claim();
            assertThat(claim.spec()).isEqualTo(spec);
            assertThat(claim.id()).isEqualTo(id);
            assertThat(claim.starts()).isEqualTo(1);
            assertThat(claim.acceptedBy()).isEqualTo("here");
            assertThat(claim.cancelled()).isFalse();
            assertThat(claim.createdAt()).isPositive().isLessThanOrEqualTo(claim.claimedAt());
            assertThat(JobSpec.fromJson(Await.get(store.jobs.spec(id)))).isEqualTo(spec);
        }

        @Test
        void gives_a_fence_a_secret_and_a_lease() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            store.accept(ANN);
            Claim first = store.claim();
            Claim second = store.claim();
            assertThat(first.fence()).isGreaterThanOrEqualTo(first.claimedAt());
            assertThat(first.token()).hasSize(32).isNotEqualTo(second.token());
            assertThat(store.send(Command.ZSCORE, store.key("lease"), id).toLong())
                    .isEqualTo(first.claimedAt() + Setup.USUAL.leaseMs());
            Job job = store.find(id);
            assertThat(job.status()).isEqualTo(JobStatus.RUNNING);
            assertThat(job.fence()).isEqualTo(first.fence());
            assertThat(job.startedAt()).isEqualTo(first.claimedAt());
            assertThat(store.send(Command.EXISTS, store.key("deadline")).toInteger())
                    .isZero();
            assertThat(store.log(id).get(1))
                    .isEqualTo(
                            new JobEvent(new EventId(first.fence(), 1), JobEvent.STATE, 0, Buffer.buffer("RUNNING")));
        }

        @Test
        void finds_nothing_when_nothing_waits_for_its_runtime() {
            TestStore store = store();
            assertThat(store.tryClaim()).isEmpty();
            store.accept(ANN);
            assertThat(store.tryClaim("python9")).isEmpty();
            assertThat(store.tryClaim("python9", RUNTIME)).isPresent();
            assertThat(store.tryClaim("python9", RUNTIME)).isEmpty();
        }

        @Test
        void gives_each_job_to_one_of_many_runners() {
            TestStore store = store();
            for (int i = 0; i < 100; i++) {
                store.accept(ANN);
            }
            List<Future<Optional<Claim>>> claims = new ArrayList<>();
            for (int runner = 0; runner < 4; runner++) {
                RedisLink own = redis.link(vertx);
                TestStore theirs = store.sharing(own, Setup.USUAL);
                for (int i = 0; i < 30; i++) {
                    claims.add(theirs.jobs.claim(0, List.of(RUNTIME), "node" + runner));
                }
            }
            List<JobId> got = claims.stream()
                    .map(Await::get)
                    .flatMap(Optional::stream)
                    .map(Claim::id)
                    .toList();
            assertThat(got).hasSize(100).doesNotHaveDuplicates();
        }
    }

    @Nested
    class StartingAtOnce {
        @Test
        void a_job_for_which_a_slot_is_free_is_its_runners_with_its_acceptance() {
            TestStore store = store();
            store.slots.set(1);
            JobSpec spec = TestStore.spec("print('ä')");
            JobId id = store.accept(ANN, spec);
            assertThat(store.tryClaim()).as("nobody else gets it").isEmpty();
            Claim claim = store.started.remove();
            assertThat(claim.id()).isEqualTo(id);
            assertThat(claim.spec()).isEqualTo(spec);
            assertThat(claim.starts()).isEqualTo(1);
            assertThat(claim.createdAt()).isPositive().isEqualTo(claim.claimedAt());
            assertThat(claim.acceptedBy()).isEqualTo("here");
            Job job = store.find(id);
            assertThat(job.status()).isEqualTo(JobStatus.RUNNING);
            assertThat(job.starts()).isEqualTo(1);
            assertThat(store.keys()).doesNotContain("{0}:deadline", "{0}:ready:" + RUNTIME, "{0}:wake:" + RUNTIME);
            store.emit(claim, out(claim, 2, "x"));
            store.finish(claim, 3);
            assertThat(store.logLines(id)).containsExactly("state:QUEUED", "state:RUNNING", "out:x", "end:DONE");
        }

        @Test
        void is_not_for_one_that_others_wait_before() {
            TestStore store = store();
            JobId first = store.accept(ANN);
            store.slots.set(1);
            JobId second = store.accept(ANN);
            assertThat(store.started).isEmpty();
            assertThat(store.slots).as("the slot is given back").hasValue(1);
            assertThat(store.claim().id()).isEqualTo(first);
            assertThat(store.claim().id()).isEqualTo(second);
        }

        @Test
        void is_not_for_one_that_is_refused_or_was_there_before() {
            TestStore store = store(Setup.USUAL.withCaps(100, 1));
            JobSpec spec = TestStore.spec("pass");
            store.accept(ANN, spec, "key");
            store.claim();
            store.slots.set(1);
            assertThat(store.accept(ANN, spec, "key").replayed()).isTrue();
            assertThatThrownBy(() -> store.accept(ANN)).isInstanceOf(Refusal.TooManyJobs.class);
            assertThat(store.started).isEmpty();
            assertThat(store.slots).hasValue(1);
        }

        @Test
        void one_whose_runner_dies_is_started_again() {
            TestStore store = store();
            store.slots.set(1);
            JobId id = store.accept(ANN);
            assertThat(store.reap()).containsExactly(new JobStore.Reaped(id, JobStore.Reaped.What.REQUEUED, "here"));
            Claim again = store.claim();
            assertThat(again.starts()).isEqualTo(2);
            assertThat(again.fence()).isGreaterThan(store.started.remove().fence());
        }

        @Test
        void its_owner_may_write_as_much_beside_what_is_stored_as_with_a_claim() {
            TestStore store = store(Setup.USUAL.withBytes(1L << 40, 400_000));
            store.accept(ANN);
            Claim claim = store.claim();
            store.finish(claim, 3, out(claim, 2, "x".repeat(200_000)));
            JobId waiting = store.accept(ANN);
            Claim claimed = store.claim();
            assertThat(claimed.id()).isEqualTo(waiting);
            store.finish(claimed, 2);
            store.slots.set(1);
            store.accept(ANN);
            Claim started = store.started.remove();
            assertThat(started.room()).isLessThan(claimed.room()).isGreaterThan(claimed.room() - 5_000);
        }
    }

    @Nested
    class Writing {
        @Test
        void the_same_events_twice_stores_them_once() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            Claim claim = store.claim();
            store.emit(claim, out(claim, 2, "a"), out(claim, 3, "b"));
            store.emit(claim, out(claim, 2, "a"), out(claim, 3, "b"));
            store.emit(claim, out(claim, 3, "b"), out(claim, 4, "c"));
            store.finish(claim, 6, out(claim, 4, "c"), out(claim, 5, "d"));
            assertThat(store.logLines(id))
                    .containsExactly("state:QUEUED", "state:RUNNING", "out:a", "out:b", "out:c", "out:d", "end:DONE");
            assertThat(store.find(id).stdoutBytes()).isEqualTo(4);
        }

        @Test
        void keeps_bytes_and_counts_both_streams() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            Claim claim = store.claim();
            Buffer binary = Buffer.buffer(new byte[] {0, (byte) 0xff, 13, 10});
            JobEvent event = new JobEvent(new EventId(claim.fence(), 2), JobEvent.ERR, 17, binary);
            store.emit(claim, event, out(claim, 3, "é"));
            assertThat(store.log(id)).contains(event);
            Job job = store.find(id);
            assertThat(job.stderrBytes()).isEqualTo(4);
            assertThat(job.stdoutBytes()).isEqualTo(2);
            Output output = Await.get(store.jobs.output(store.find(id)));
            assertThat(output).isEqualTo(new Output(Buffer.buffer("é"), binary));
        }

        @Test
        void is_refused_to_who_does_not_hold_the_job_and_changes_nothing() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            Claim claim = store.claim();
            Claim forged = new Claim(
                    id,
                    claim.fence(),
                    "0".repeat(32),
                    1,
                    claim.claimedAt(),
                    claim.spec(),
                    claim.acceptedBy(),
                    claim.createdAt(),
                    false,
                    1,
                    false,
                    Optional.empty());
            Job before = store.find(id);
            long lease = store.send(Command.ZSCORE, store.key("lease"), id).toLong();
            refusesAll(store, forged);
            assertThat(store.find(id)).isEqualTo(before);
            assertThat(store.send(Command.ZSCORE, store.key("lease"), id).toLong())
                    .isEqualTo(lease);
            assertThat(store.log(id)).hasSize(2);
        }

        @Test
        void is_refused_under_an_old_claim_while_the_job_waits_and_while_another_runs_it() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            Claim old = store.claim();
            store.reap();
            refusesAll(store, old);
            refusesTheEnd(store, old);
            Claim present = store.claim();
            refusesAll(store, old);
            refusesTheEnd(store, old);
            store.emit(present, out(present, 2, "mine"));
            assertThat(store.logLines(id))
                    .containsExactly("state:QUEUED", "state:RUNNING", "requeued:QUEUED", "state:RUNNING", "out:mine");
        }

        @Test
        void is_refused_after_the_end() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            Claim claim = store.claim();
            store.finish(claim, 2);
            refusesAll(store, claim);
            assertThat(store.log(id)).hasSize(3);
        }

        @Test
        void of_the_end_may_be_repeated_when_its_answer_was_lost_and_changes_nothing() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            Claim claim = store.claim();
            EventId end = store.finish(claim, 3, out(claim, 2, "x"));
            Job before = store.find(id);
            assertThat(store.finish(claim, 3, out(claim, 2, "x"))).isEqualTo(end);
            assertThat(store.find(id)).isEqualTo(before);
            assertThat(store.log(id)).hasSize(4);
            Claim other = claimOf(store, store.accept(ANN));
            assertThatThrownBy(() -> store.finish(
                            new Claim(
                                    id,
                                    claim.fence(),
                                    other.token(),
                                    1,
                                    claim.claimedAt(),
                                    claim.spec(),
                                    "",
                                    0,
                                    false,
                                    1,
                                    false,
                                    Optional.empty()),
                            3))
                    .isInstanceOf(NotHolderException.class);
        }

        private Claim claimOf(TestStore store, JobId id) {
            Claim claim = store.claim();
            assertThat(claim.id()).isEqualTo(id);
            return claim;
        }

        private void refusesAll(TestStore store, Claim claim) {
            assertThatThrownBy(() -> store.emit(claim, out(claim, 99, "x"))).isInstanceOf(NotHolderException.class);
            assertThatThrownBy(() -> Await.get(store.jobs.beat(claim))).isInstanceOf(NotHolderException.class);
        }

        private void refusesTheEnd(TestStore store, Claim claim) {
            assertThatThrownBy(() -> store.finish(claim, 100, out(claim, 99, "x")))
                    .isInstanceOf(NotHolderException.class);
        }
    }

    @Nested
    class Ending {
        @Test
        void brings_the_job_as_everybody_else_sees_it() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            Claim claim = store.claim();
            store.emit(claim, out(claim, 2, "ä"));
            store.cancel(id);
            JobEvent last = new JobEvent(new EventId(claim.fence(), 3), JobEvent.ERR, 5, Buffer.buffer("abc"));
            JobStore.Ended end = Await.get(store.jobs.finish(claim, List.of(last), 4, JobStatus.DONE, RESULT));
            assertThat(end.job()).contains(store.find(id));
            assertThat(end.job().orElseThrow().cancelRequested()).isTrue();
            assertThat(end.job().orElseThrow().stdoutBytes()).isEqualTo(2);
        }

        @Test
        void stores_the_result_and_lets_go_of_everything_else() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            Claim claim = store.claim();
            EventId end = store.finish(claim, 3, out(claim, 2, "last words"));
            assertThat(end).isEqualTo(new EventId(claim.fence(), 3));
            Job job = store.find(id);
            assertThat(job.status()).isEqualTo(JobStatus.DONE);
            assertThat(job.result()).isEqualTo(RESULT);
            assertThat(job.finishedAt()).isGreaterThanOrEqualTo(job.startedAt());
            assertThat(job.expiresAt()).isEqualTo(job.finishedAt() + 60_000);
            List<JobEvent> log = store.log(id);
            assertThat(log.get(log.size() - 1))
                    .satisfies(e -> assertThat(e.id()).isEqualTo(end))
                    .satisfies(e -> assertThat(e.isEnd()).isTrue())
                    .satisfies(e -> assertThat(e.data().toString()).isEqualTo("DONE"));
            assertThat(List.of("job:" + id, "job:" + id + ":log"))
                    .allSatisfy(key -> assertThat(
                                    store.send(Command.PTTL, store.key(key)).toLong())
                            .isBetween(50_000L, 60_000L));
            assertThat(store.send(Command.ZSCORE, store.key("gone"), id).toLong())
                    .isEqualTo(job.expiresAt() + 86_400_000L);
            assertThat(store.entry("ends", id)).containsExactly("id", id.text(), "status", "DONE");
            assertThat(store.keys()).doesNotContain("{0}:lease", "{0}:deadline", "{0}:ready:" + RUNTIME);
            assertThat(store.live(ANN)).isZero();
        }

        @Test
        void leaves_a_tombstone_and_no_other_key_of_the_job_when_it_expires() {
            TestStore store = store();
            JobId id = store.accept(ANN, spec("pass", RUNTIME, 4, 1, 1), "key").id();
            Claim claim = store.claim();
            store.emit(claim, out(claim, 2, "x"));
            store.finish(claim, 3);
            Await.until("the job has expired", () -> !store.keys().contains("{0}:job:" + id));
            assertThatThrownBy(() -> store.find(id)).isInstanceOf(Refusal.JobGone.class);
            assertThatThrownBy(() -> Await.get(store.jobs.spec(id))).isInstanceOf(Refusal.JobGone.class);
            assertThatThrownBy(() -> Await.get(store.jobs.cancel(id))).isInstanceOf(Refusal.JobGone.class);
            assertThat(store.keys())
                    .containsExactlyInAnyOrder(
                            "{0}:ends",
                            "{0}:gone",
                            "{0}:stats",
                            "{0}:wake:" + RUNTIME,
                            "{0}:owner-sum:" + ANN.name(),
                            "{0}:owner-kept:" + ANN.name());
            for (String key : List.of("owner-sum:", "owner-kept:")) {
                assertThat(store.send(Command.PTTL, store.key(key + ANN.name())).toLong())
                        .as("life of an owner's account")
                        .isPositive();
            }
        }

        @Test
        void under_a_number_that_is_taken_fails_and_leaves_the_job_running() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            Claim claim = store.claim();
            store.emit(claim, out(claim, 2, "a"), out(claim, 3, "b"));
            assertThatThrownBy(() -> store.finish(claim, 3)).hasMessageContaining("ID specified in XADD");
            assertThat(store.find(id).status()).isEqualTo(JobStatus.RUNNING);
            store.finish(claim, 4);
            assertThat(store.find(id).status()).isEqualTo(JobStatus.DONE);
        }

        @Test
        void that_never_began_is_no_such_job() {
            TestStore store = store();
            JobId never = JobId.random(0);
            assertThatThrownBy(() -> store.find(never)).isInstanceOf(Refusal.NoSuchJob.class);
            assertThatThrownBy(() -> Await.get(store.jobs.spec(never))).isInstanceOf(Refusal.NoSuchJob.class);
            assertThatThrownBy(() -> Await.get(store.jobs.cancel(never))).isInstanceOf(Refusal.NoSuchJob.class);
        }
    }

    @Nested
    class Cancelling {
        @Test
        void a_queued_job_ends_it_at_once_and_nobody_can_claim_it() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            assertThat(store.cancel(id)).isEqualTo(JobStore.Cancel.Met.AT_ONCE);
            assertThat(store.tryClaim()).isEmpty();
            Job job = store.find(id);
            assertThat(job.status()).isEqualTo(JobStatus.CANCELLED);
            assertThat(job.result().message()).isEqualTo("Cancelled before it was run.");
            assertThat(store.logLines(id)).containsExactly("state:QUEUED", "end:CANCELLED");
            assertThat(store.entry("ends", id)).contains("CANCELLED");
            assertThat(store.keys()).doesNotContain("{0}:deadline", "{0}:ready:" + RUNTIME);
            assertThat(store.live(ANN)).isZero();
        }

        @Test
        void a_job_that_is_being_given_back_ends_and_that_is_told() {
            JobMeters meters = new JobMeters();
            TestStore store = store();
            JobStore told = new JobStore(link, store.jobs.settings(), meters);
            JobId id = store.accept(ANN);
            Claim claim = store.claim();
            store.cancel(id);
            assertThat(Await.get(told.release(claim)))
                    .isEqualTo(new JobStore.Reaped(id, JobStore.Reaped.What.CANCELLED, claim.acceptedBy()));
            assertThat(store.find(id).status()).isEqualTo(JobStatus.CANCELLED);
            assertThat(meters.text(null))
                    .contains("onpyrunner_jobs_given_back_total 0.0")
                    .containsPattern("onpyrunner_jobs_ended_total\\{[^}]*\"CANCELLED\"[^}]*} 1.0");
        }

        @Test
        void a_running_job_is_heard_with_the_next_beat() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            Claim claim = store.claim();
            assertThat(Await.get(store.jobs.beat(claim))).isEqualTo(new JobStore.Asked(false, false));
            assertThat(store.cancel(id)).isEqualTo(JobStore.Cancel.Met.ASKED);
            assertThat(store.cancel(id)).isEqualTo(JobStore.Cancel.Met.ASKED);
            assertThat(Await.get(store.jobs.beat(claim))).isEqualTo(new JobStore.Asked(true, false));
            assertThat(store.find(id).cancelRequested()).isTrue();
            assertThat(store.find(id).status()).isEqualTo(JobStatus.RUNNING);
        }

        @Test
        void an_ended_job_changes_nothing() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            store.finish(store.claim(), 2);
            Job before = store.find(id);
            assertThat(store.cancel(id)).isEqualTo(JobStore.Cancel.Met.TOO_LATE);
            assertThat(store.find(id)).isEqualTo(before);
        }

        @Test
        void a_job_whose_worker_is_then_lost_ends_it_instead_of_starting_it_again() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            store.claim();
            Await.get(store.jobs.cancel(id));
            assertThat(store.reap()).containsExactly(reaped(id, JobStore.Reaped.What.CANCELLED));
            assertThat(store.find(id).status()).isEqualTo(JobStatus.CANCELLED);
            assertThat(store.tryClaim()).isEmpty();
        }

        @Test
        void a_job_that_waits_for_its_second_start_ends_it() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            store.claim();
            store.reap();
            assertThat(store.cancel(id)).isEqualTo(JobStore.Cancel.Met.AT_ONCE);
            assertThat(store.tryClaim()).isEmpty();
            assertThat(store.logLines(id))
                    .containsExactly("state:QUEUED", "state:RUNNING", "requeued:QUEUED", "end:CANCELLED");
        }

        @Test
        void wins_or_loses_against_a_claim_and_never_both() {
            TestStore store = store();
            RedisLink other = redis.link(vertx);
            TestStore runner = store.sharing(other, Setup.USUAL);
            for (int i = 0; i < 50; i++) {
                JobId id = store.accept(ANN);
                Future<JobStore.Cancel> cancel = store.jobs.cancel(id);
                Future<Optional<Claim>> claim = runner.jobs.claim(0, List.of(RUNTIME), "node");
                boolean atOnce = Await.get(cancel).met() == JobStore.Cancel.Met.AT_ONCE;
                assertThat(Await.get(claim).isPresent()).isEqualTo(!atOnce);
                assertThat(store.find(id).status()).isEqualTo(atOnce ? JobStatus.CANCELLED : JobStatus.RUNNING);
            }
        }
    }

    @Nested
    class Reaping {
        @Test
        void puts_a_lost_job_back_in_its_old_place() {
            TestStore store = store();
            JobId first = store.accept(ANN);
            JobId second = store.accept(ANN);
            Claim claim = store.claim();
            JobId third = store.accept(ANN);
            assertThat(store.reap()).containsExactly(reaped(first, JobStore.Reaped.What.REQUEUED));
            assertThat(List.of(first, second, third))
                    .extracting(id -> store.position(id))
                    .containsExactly(1L, 2L, 3L);
            assertThat(store.find(first).status()).isEqualTo(JobStatus.QUEUED);
            assertThat(store.find(first).startedAt()).isZero();
            assertThat(store.send(Command.ZSCORE, store.key("deadline"), first)).isNotNull();
            JobEvent requeued = store.log(first).get(2);
            assertThat(requeued.id()).isEqualTo(new EventId(claim.fence(), 2));
            assertThat(requeued.kind()).isEqualTo(JobEvent.REQUEUED);
            assertThat(requeued.t()).isGreaterThanOrEqualTo(Setup.USUAL.leaseMs());
        }

        @Test
        void is_followed_by_a_start_with_a_greater_fence() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            Claim first = store.claim();
            store.reap();
            Claim second = store.claim();
            assertThat(second.id()).isEqualTo(id);
            assertThat(second.fence()).isGreaterThan(first.fence());
            assertThat(second.starts()).isEqualTo(2);
            assertThat(store.log(id)).extracting(JobEvent::id).isSorted();
        }

        @Test
        void gives_up_a_job_that_has_no_start_left() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            store.claim();
            store.reap();
            Claim last = store.claim();
            store.emit(last, out(last, 2, "partial"));
            assertThat(store.reap()).containsExactly(reaped(id, JobStore.Reaped.What.LOST));
            Job job = store.find(id);
            assertThat(job.status()).isEqualTo(JobStatus.ERROR);
            assertThat(job.result().error().code()).isEqualTo(Result.Code.WORKER_LOST);
            assertThat(job.starts()).isEqualTo(2);
            assertThat(store.entry("dead", id)).containsExactly("id", id.text(), "why", "WORKER_LOST");
            assertThat(store.entry("ends", id)).contains("ERROR");
            assertThat(store.tryClaim()).isEmpty();
            assertThat(store.keys()).doesNotContain("{0}:lease");
            assertThat(store.live(ANN)).isZero();
            JobEvent end = store.log(id).get(store.log(id).size() - 1);
            assertThat(end.id()).isEqualTo(new EventId(last.fence(), 3));
            assertThat(Await.get(store.jobs.output(store.find(id))).stdout().toString())
                    .isEqualTo("partial");
        }

        @Test
        void does_not_take_a_lease_that_a_late_beat_has_revived() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            Claim claim = store.claim();
            store.awaitLeaseOver(id);
            TestStore patient = store.sharing(link, Setup.USUAL.withLease(600_000));
            assertThat(Await.get(patient.jobs.beat(claim))).isEqualTo(new JobStore.Asked(false, false));
            Await.until("the link is older than a lease", () -> link.upMs("") > Setup.USUAL.leaseMs());
            store.tryReap(); // the first one takes nothing in any case
            assertThat(store.tryReap()).isEmpty();
            store.finish(claim, 2);
        }

        @Test
        void gives_up_a_job_that_has_waited_too_long() {
            TestStore store = store(Setup.USUAL.withTimeout(100));
            JobId id = store.accept(ANN);
            assertThat(store.reap()).containsExactly(reaped(id, JobStore.Reaped.What.TIMEOUT));
            Job job = store.find(id);
            assertThat(job.status()).isEqualTo(JobStatus.ERROR);
            assertThat(job.result().error().code()).isEqualTo(Result.Code.QUEUE_TIMEOUT);
            assertThat(store.entry("dead", id)).contains("QUEUE_TIMEOUT");
            assertThat(store.tryClaim()).isEmpty();
            assertThat(store.logLines(id)).containsExactly("state:QUEUED", "end:ERROR");
        }

        @Test
        void takes_no_lease_while_its_link_is_younger_than_one() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            store.claim();
            store.awaitLeaseOver(id);
            RedisLink fresh = redis.link(vertx);
            TestStore reaper = store.sharing(fresh, Setup.USUAL.withLease(1_500));
            assertThat(reaper.tryReap()).isEmpty();
            assertThat(reaper.reap()).containsExactly(reaped(id, JobStore.Reaped.What.REQUEUED));
            assertThat(fresh.upMs("")).isGreaterThan(1_500);
            Await.get(fresh.close());
        }

        @Test
        void by_several_at_once_moves_each_job_once() {
            TestStore store = store();
            for (int i = 0; i < 20; i++) {
                store.accept(ANN);
            }
            JobId last = null;
            for (int i = 0; i < 20; i++) {
                last = store.claim().id();
            }
            List<RedisLink> links = List.of(redis.link(vertx), redis.link(vertx), redis.link(vertx));
            store.awaitLeaseOver(last);
            Await.until(
                    "all links are older than a lease",
                    () -> links.stream().allMatch(l -> l.upMs("") > Setup.USUAL.leaseMs()));
            List<TestStore> reapers =
                    links.stream().map(l -> store.sharing(l, Setup.USUAL)).toList();
            // The first call of each only learns Redis' time.
            assertThat(reapers).allMatch(r -> r.tryReap().isEmpty());
            List<JobId> moved = reapers.stream().map(r -> r.jobs.reap(0, Optional.empty())).toList().stream()
                    .flatMap(f -> Await.get(f).stream())
                    .map(JobStore.Reaped::id)
                    .toList();
            assertThat(moved).hasSize(20).doesNotHaveDuplicates();
        }
    }

    @Nested
    class Files {
        private Set<String> fileKeys(TestStore store) {
            return store.keys().stream().filter(k -> k.contains(":file")).collect(Collectors.toSet());
        }

        @Test
        void come_back_with_their_bytes_their_names_and_their_media_types() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            Claim claim = store.claim();
            Buffer bytes = Buffer.buffer(new byte[] {0, (byte) 0xff, 13, 10, 0});
            String name = "a b/ü\n{1}:x.png";
            Await.get(store.jobs.storeFile(claim, name, bytes));
            store.storeFile(claim, "empty.txt", "");
            assertThat(store.find(id).files()).as("before the end").isEmpty();
            CollectedFile picture = CollectedFile.of(name, 5);
            store.finishWith(claim, picture, CollectedFile.of("empty.txt", 0));
            assertThat(store.find(id).files())
                    .containsExactly(
                            new CollectedFile(name, 5, "image/png"),
                            new CollectedFile("empty.txt", 0, "text/plain; charset=utf-8"));
            assertThat(Await.get(store.jobs.file(id, picture, 0, 100))).isEqualTo(bytes);
            assertThat(Await.get(store.jobs.file(id, picture, 3, 100))).isEqualTo(bytes.slice(3, 5));
            assertThat(Await.get(store.jobs.file(id, picture, 1, 2))).isEqualTo(bytes.slice(1, 3));
            assertThat(store.file(id, "empty.txt")).isEmpty();
            JsonObject json = store.find(id).toJson().getJsonArray("files").getJsonObject(0);
            assertThat(json)
                    .isEqualTo(new JsonObject()
                            .put("path", name)
                            .put("size_bytes", 5)
                            .put("media_type", "image/png")
                            .put("url", "/v1/jobs/" + id + "/files/a%20b/%C3%BC%0A%7B1%7D%3Ax.png"));
        }

        @Test
        void of_16_mib_come_back_whole() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            Claim claim = store.claim();
            Buffer large = Buffer.buffer("0123456789abcdef".repeat(1 << 20));
            Await.get(store.jobs.storeFile(claim, "large", large));
            CollectedFile file = CollectedFile.of("large", large.length());
            store.finishWith(claim, file);
            assertThat(Await.get(store.jobs.file(id, file, 0, large.length())).equals(large))
                    .isTrue();
        }

        @Test
        void stored_twice_are_there_once() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            Claim claim = store.claim();
            store.storeFile(claim, "a", "old and long");
            store.storeFile(claim, "a", "new");
            store.finishWith(claim, CollectedFile.of("a", 3));
            assertThat(store.file(id, "a")).isEqualTo("new");
        }

        @Test
        void expire_with_their_job_and_without_an_end_too() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            Claim claim = store.claim();
            store.storeFile(claim, "a", "1");
            store.storeFile(claim, "b/c", "2");
            String file = store.key("job:" + id + ":file:b/c");
            assertThat(store.send(Command.PTTL, file).toLong()).isBetween(3_600_000L, 3_660_000L);
            assertThat(store.send(Command.PTTL, store.key("job:" + id + ":files"))
                            .toLong())
                    .isBetween(3_600_000L, 3_660_000L);
            store.finishWith(claim, CollectedFile.of("a", 1), CollectedFile.of("b/c", 1));
            long job = store.send(Command.PEXPIRETIME, store.key("job:" + id)).toLong();
            assertThat(job).isPositive();
            for (String key : fileKeys(store)) {
                assertThat(store.send(Command.PEXPIRETIME, store.prefix + ":" + key)
                                .toLong())
                        .as(key)
                        .isEqualTo(job);
            }
            assertThat(fileKeys(store)).hasSize(3);
        }

        @Test
        void of_an_earlier_start_are_gone_before_the_next() {
            for (boolean released : new boolean[] {true, false}) {
                TestStore store = store();
                JobId id = store.accept(ANN);
                Claim first = store.claim();
                store.storeFile(first, "a", "old");
                store.storeFile(first, "b", "old");
                if (released) {
                    Await.get(store.jobs.release(first));
                } else {
                    store.reap();
                }
                assertThat(fileKeys(store)).isEmpty();
                Claim second = store.claim();
                assertThatThrownBy(() -> store.storeFile(first, "a", "late")).isInstanceOf(NotHolderException.class);
                store.storeFile(second, "a", "new");
                store.finishWith(second, CollectedFile.of("a", 3));
                assertThat(store.file(id, "a")).isEqualTo("new");
                assertThat(fileKeys(store))
                        .containsExactlyInAnyOrder("{0}:job:" + id + ":files", "{0}:job:" + id + ":file:a");
            }
        }

        @Test
        void of_a_job_that_is_given_up_are_not_shown_and_expire_with_it() {
            TestStore store = store();
            JobId id = store.accept(ANN, spec("1", RUNTIME, 4, 60, 1));
            store.storeFile(store.claim(), "a", "1");
            assertThat(store.reap()).containsExactly(reaped(id, JobStore.Reaped.What.LOST));
            assertThat(store.find(id).files()).isEmpty();
            assertThat(store.send(Command.PTTL, store.key("job:" + id + ":file:a"))
                            .toLong())
                    .isBetween(1L, 60_000L);
        }

        @Test
        void are_removed_by_a_purge_with_all_the_rest() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            Claim claim = store.claim();
            store.storeFile(claim, "a", "1");
            store.storeFile(claim, "not named", "1");
            CollectedFile file = CollectedFile.of("a", 1);
            store.finishWith(claim, file);
            assertThat(Await.get(store.jobs.purge(id))).isTrue();
            assertThat(fileKeys(store)).isEmpty();
            assertThatThrownBy(() -> Await.get(store.jobs.file(id, file, 0, 1))).isInstanceOf(Refusal.JobGone.class);
        }

        @Test
        void are_stored_by_the_holder_only() {
            TestStore store = store();
            store.accept(ANN);
            Claim claim = store.claim();
            store.finish(claim, 2);
            assertThatThrownBy(() -> store.storeFile(claim, "a", "1")).isInstanceOf(NotHolderException.class);
            assertThat(fileKeys(store)).isEmpty();
        }

        @Test
        void with_a_path_out_of_the_folder_are_refused() {
            TestStore store = store();
            store.accept(ANN);
            Claim claim = store.claim();
            for (String path : List.of("../a", "/a", "a\0b", "")) {
                assertThatThrownBy(() -> store.storeFile(claim, path, "1"))
                        .isInstanceOf(IllegalArgumentException.class);
            }
            assertThat(fileKeys(store)).isEmpty();
        }

        @Test
        void are_refused_when_memory_is_full_and_the_job_still_ends() throws IOException {
            try (TestRedis small = TestRedis.start()) {
                RedisLink own = small.link(vertx);
                TestStore store = TestStore.open(own, Setup.USUAL);
                JobId id = store.accept(ANN);
                Claim claim = store.claim();
                store.storeFile(claim, "a", "1");
                store.send(Command.CONFIG, "SET", "maxmemory", 1);
                assertThatThrownBy(() -> store.storeFile(claim, "b", "1")).isInstanceOf(Refusal.StoreFull.class);
                store.finishWith(claim, CollectedFile.of("a", 1));
                assertThat(store.file(id, "a")).isEqualTo("1");
                Await.get(own.close());
            }
        }
    }

    @Nested
    class Repeating {
        @Test
        void a_request_under_its_key_gives_the_same_job() {
            TestStore store = store();
            JobStore.Accepted first = store.accept(ANN, spec("1"), "key");
            JobStore.Accepted again = store.accept(ANN, spec("1"), "key");
            assertThat(first.replayed()).isFalse();
            assertThat(again).isEqualTo(new JobStore.Accepted(first.id(), true, null, null));
            store.claim();
            assertThat(store.tryClaim()).isEmpty();
            assertThat(store.accept(ANN, spec("1"), "key").id()).isEqualTo(first.id());
        }

        @Test
        void a_key_for_another_request_is_refused() {
            TestStore store = store();
            store.accept(ANN, spec("1"), "key");
            assertThatThrownBy(() -> store.accept(ANN, spec("2"), "key")).isInstanceOf(Refusal.KeyReused.class);
        }

        @Test
        void another_owners_key_is_another_request() {
            TestStore store = store();
            JobId anns = store.accept(ANN, spec("1"), "key").id();
            assertThat(store.accept(BOB, spec("1"), "key").id()).isNotEqualTo(anns);
        }

        @Test
        void a_request_twenty_times_at_once_makes_one_job() {
            TestStore store = store();
            Idempotency key = Idempotency.of(ANN, "key", spec("1"));
            List<Future<JobStore.Accepted>> all = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                TestStore theirs = store.sharing(redis.link(vertx), Setup.USUAL);
                all.add(theirs.jobs.accept(ANN, spec("1"), Optional.of(key), "here"));
            }
            List<JobStore.Accepted> accepted = all.stream().map(Await::get).toList();
            assertThat(accepted.stream().map(JobStore.Accepted::id).distinct()).hasSize(1);
            assertThat(accepted.stream().filter(a -> !a.replayed())).hasSize(1);
            store.claim();
            assertThat(store.tryClaim()).isEmpty();
        }

        @Test
        void is_known_as_long_as_the_job_is_kept_and_no_longer() {
            TestStore store = store();
            JobSpec shortLived = spec("1", RUNTIME, 4, 1, 1);
            JobId id = store.accept(ANN, shortLived, "key").id();
            String idem = store.keys().stream()
                    .filter(k -> k.contains(":idem:"))
                    .findFirst()
                    .orElseThrow();
            assertThat(store.send(Command.PTTL, store.prefix + ":" + idem).toLong())
                    .isEqualTo(-1);
            store.finish(store.claim(), 2);
            assertThat(store.accept(ANN, shortLived, "key").id()).isEqualTo(id);
            Await.until("the key has expired", () -> !store.keys().contains(idem));
            assertThat(store.accept(ANN, shortLived, "key").replayed()).isFalse();
        }
    }

    @Nested
    class Reading {
        @Test
        void the_log_in_pages_gives_each_event_once_and_in_order() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            Claim claim = store.claim();
            store.emit(
                    claim,
                    LongStream.rangeClosed(2, 601)
                            .mapToObj(n -> out(claim, n, "line " + n + "\n"))
                            .toArray(JobEvent[]::new));
            List<JobEvent> all = new ArrayList<>();
            EventId last = EventId.START;
            for (List<JobEvent> page = List.of(); all.isEmpty() || page.size() == 100; ) {
                page = Await.get(store.jobs.log(id, last, 100));
                all.addAll(page);
                last = all.get(all.size() - 1).id();
            }
            assertThat(all).hasSize(602).isEqualTo(store.log(id));
            Output output = Await.get(store.jobs.output(store.find(id)));
            assertThat(output.stdout().toString().lines())
                    .hasSize(600)
                    .startsWith("line 2")
                    .endsWith("line 601");
        }

        @Test
        void the_output_gives_that_of_the_latest_start_only() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            Claim first = store.claim();
            store.emit(first, out(first, 2, "old"), out(first, 3, "er"));
            store.reap();
            assertThat(Await.get(store.jobs.output(store.find(id))).stdout().length())
                    .as("while it waits for its second start")
                    .isZero();
            Claim second = store.claim();
            assertThat(Await.get(store.jobs.output(store.find(id))).stdout().length())
                    .isZero();
            store.emit(second, out(second, 2, "new"));
            Job job = store.find(id);
            assertThat(job.stdoutBytes()).isEqualTo(3);
            assertThat(Await.get(store.jobs.output(store.find(id))).stdout().toString())
                    .isEqualTo("new");
        }

        @Test
        void the_output_of_a_job_that_never_ran_gives_nothing() {
            TestStore store = store();
            JobId id = store.accept(ANN);
            assertThat(Await.get(store.jobs.output(store.find(id))))
                    .isEqualTo(new Output(Buffer.buffer(), Buffer.buffer()));
        }
    }
}
