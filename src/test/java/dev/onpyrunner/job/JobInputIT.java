package dev.onpyrunner.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.onpyrunner.Await;
import dev.onpyrunner.job.JobInput.Sender;
import dev.onpyrunner.job.JobInput.Signal;
import dev.onpyrunner.job.TestStore.Setup;
import dev.onpyrunner.redis.RedisLink;
import dev.onpyrunner.redis.TestRedis;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.redis.client.Command;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a running program is sent: kept once, in order, on its owner's account, and given to who holds the job. */
@Timeout(60)
class JobInputIT {
    private static final Owner ANN = new Owner("ip:ann");
    private static final String QUEUE = JobSpec.interactiveQueue(TestStore.RUNTIME);
    private static final long OVERHEAD = 100;

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

    private static JobSpec interactive() {
        JobSpec plain = TestStore.spec("pass");
        return new JobSpec(
                plain.files(),
                plain.entry(),
                Buffer.buffer(),
                true,
                List.of(),
                Map.of(),
                plain.runtime(),
                plain.limits(),
                List.of(),
                plain.priority(),
                plain.retentionS(),
                5,
                Optional.empty());
    }

    private static JobInput text(String text) {
        return JobInput.of(Buffer.buffer(text));
    }

    private static boolean send(TestStore store, JobId id, Sender sender, JobInput... inputs) {
        return Await.get(store.jobs.input(id, sender, List.of(inputs)));
    }

    private static List<String> take(TestStore store, Claim claim, long had) {
        return Await.get(store.jobs.take(claim, had)).stream()
                .map(i -> i.number() + " " + i.kind().text() + ":" + i.data())
                .toList();
    }

    private static long stored(TestStore store) {
        return store.send(Command.HGET, store.key("owner-sum:" + ANN.name()), "bytes")
                .toLong();
    }

    private static String stat(TestStore store, String name) {
        return String.valueOf(store.send(Command.HGET, store.key("stats"), name));
    }

    @Test
    void is_taken_in_order_once_and_forgotten_then() {
        TestStore store = store();
        JobId id = store.accept(ANN, interactive());
        assertThat(store.tryClaim()).as("it has a queue of its own").isEmpty();
        assertThat(send(store, id, new Sender("a", 1), text("one"))).isTrue();
        Claim claim = store.tryClaim(QUEUE).orElseThrow();
        assertThat(send(store, id, new Sender("b", 1), text("two"), JobInput.end()))
                .isTrue();
        assertThat(send(store, id, new Sender("a", 1), text("one")))
                .as("a repeat")
                .isFalse();
        assertThat(send(store, id, new Sender("b", 1), text("two"), JobInput.end()))
                .isFalse();
        assertThat(send(store, id, Sender.NOBODY, JobInput.end())).isFalse();
        assertThatThrownBy(() -> send(store, id, new Sender("a", 2), text("late")))
                .isInstanceOf(Refusal.NotTaken.class)
                .hasMessageContaining("ended before");
        assertThat(send(store, id, Sender.NOBODY, JobInput.of(Signal.INT))).isTrue();
        List<String> all = List.of("1 in:one", "2 in:two", "3 eof:", "4 signal:INT");
        assertThat(take(store, claim, 0)).isEqualTo(all);
        assertThat(take(store, claim, 0)).as("an answer that was lost").isEqualTo(all);
        assertThat(Await.get(store.jobs.beat(claim))).isEqualTo(new JobStore.Asked(false, true));
        assertThat(take(store, claim, 2)).isEqualTo(all.subList(2, 4));
        assertThat(take(store, claim, 4)).isEmpty();
        assertThat(Await.get(store.jobs.beat(claim))).isEqualTo(new JobStore.Asked(false, false));
        store.finish(claim, 2);
        assertThat(send(store, id, new Sender("a", 1), text("one")))
                .as("a late repeat")
                .isFalse();
        assertThat(store.keys()).noneMatch(k -> k.endsWith(":in"));
        assertThat(store.send(Command.PTTL, store.key("job:" + id + ":in-from")).toLong())
                .isPositive();
        Await.get(store.jobs.purge(id));
        assertThat(store.keys()).noneMatch(k -> k.endsWith(":in-from"));
    }

    @Test
    void of_one_sender_has_no_gap() {
        TestStore store = store();
        JobId id = store.accept(ANN, interactive());
        assertThatThrownBy(() -> send(store, id, new Sender("a", 2), text("two")))
                .isInstanceOf(Refusal.NotTaken.class)
                .hasMessageContaining("send number 1 first");
        send(store, id, new Sender("a", 1), text("one"));
        send(store, id, new Sender("a", 2), text("two"));
        Claim claim = store.tryClaim(QUEUE).orElseThrow();
        assertThat(take(store, claim, 0)).containsExactly("1 in:one", "2 in:two");
    }

    @Test
    void is_given_only_to_who_holds_the_job() {
        TestStore store = store();
        JobId id = store.accept(ANN);
        Claim first = store.claim();
        send(store, id, Sender.NOBODY, JobInput.of(Signal.INT));
        store.awaitLeaseOver(id);
        store.reap();
        assertThatThrownBy(() -> take(store, first, 0)).isInstanceOf(NotHolderException.class);
        assertThatThrownBy(() -> send(store, id, Sender.NOBODY, JobInput.of(Signal.INT)))
                .hasMessageContaining("does not run yet");
        Claim second = store.claim();
        assertThat(take(store, second, 0))
                .as("signals to a program that is gone")
                .isEmpty();
        send(store, id, Sender.NOBODY, JobInput.of(Signal.TERM));
        assertThat(take(store, second, 0)).containsExactly("2 signal:TERM");
        assertThatThrownBy(() -> send(store, id, Sender.NOBODY, text("x"))).hasMessageContaining("not interactive");
    }

    @Test
    void is_charged_when_it_comes_and_kept_with_the_job() {
        TestStore store = store();
        JobSpec spec = interactive();
        long request = spec.toJson().toBuffer().length() + 2_000L;
        JobId id = store.accept(ANN, spec);
        assertThat(stored(store)).isEqualTo(request);
        send(store, id, Sender.NOBODY, text("12345"), JobInput.end());
        assertThat(stored(store)).isEqualTo(request + 5L + 2 * OVERHEAD);
        Claim claim = store.tryClaim(QUEUE).orElseThrow();
        store.finish(claim, 2);
        long result = Codec.toText(TestStore.RESULT).length();
        assertThat(stored(store)).isEqualTo(request + 5L + 2 * OVERHEAD + result);
        Await.get(store.jobs.purge(id));
        assertThat(stored(store)).isZero();
    }

    @Test
    void is_bounded_for_a_job_and_for_its_owner() {
        TestStore store = store();
        JobId id = store.accept(ANN, interactive());
        send(store, id, Sender.NOBODY, text("x".repeat((1 << 20) - 200)));
        assertThatThrownBy(() -> send(store, id, new Sender("a", 1), text("1")))
                .isInstanceOf(Refusal.TooMuchInput.class)
                .hasMessageContaining("at most 1048576");
        JobId other = store.accept(new Owner("ip:ben"), interactive());
        TestStore small = store.sharing(link, Setup.USUAL.withBytes(1L << 40, 2_000));
        assertThatThrownBy(() -> send(small, other, Sender.NOBODY, text("1"))).isInstanceOf(Refusal.TooManyBytes.class);
        assertThat(send(store, other, Sender.NOBODY, text("1"))).isTrue();
    }

    @Test
    void of_a_job_that_has_ended_or_never_was_is_refused() {
        TestStore store = store();
        JobId id = store.accept(ANN, interactive());
        send(store, id, new Sender("a", 1), text("1"));
        store.cancel(id);
        assertThatThrownBy(() -> send(store, id, new Sender("a", 2), text("2"))).hasMessageContaining("has ended");
        Await.get(store.jobs.purge(id));
        assertThatThrownBy(() -> send(store, id, Sender.NOBODY, text("3"))).isInstanceOf(Refusal.JobGone.class);
        assertThatThrownBy(() -> send(store, JobId.random(0), Sender.NOBODY, text("3")))
                .isInstanceOf(Refusal.NoSuchJob.class);
    }

    @Test
    void a_full_redis_refuses_it_and_nothing_is_lost() throws IOException {
        try (TestRedis full = TestRedis.start()) {
            RedisLink own = full.link(vertx);
            TestStore store = TestStore.open(own, Setup.USUAL);
            JobId id = store.accept(ANN, interactive());
            send(store, id, new Sender("a", 1), text("1"));
            Claim claim = store.tryClaim(QUEUE).orElseThrow();
            store.send(Command.CONFIG, "SET", "maxmemory", 1);
            assertThatThrownBy(() -> send(store, id, new Sender("a", 2), text("2")))
                    .isInstanceOf(Refusal.StoreFull.class);
            assertThat(take(store, claim, 0)).containsExactly("1 in:1");
            store.send(Command.CONFIG, "SET", "maxmemory", 0);
            send(store, id, new Sender("a", 2), text("2"));
            assertThat(take(store, claim, 1)).containsExactly("2 in:2");
            Await.get(own.close());
        }
    }

    @Test
    void an_interactive_job_is_never_started_twice() {
        TestStore store = store();
        for (boolean released : new boolean[] {true, false}) {
            JobId id = store.accept(ANN, interactive());
            Claim claim = store.tryClaim(QUEUE).orElseThrow();
            assertThat(stat(store, "running_interactive")).isEqualTo("1");
            if (released) {
                Await.get(store.jobs.release(claim));
            } else {
                store.awaitLeaseOver(id);
                store.reap();
            }
            assertThat(store.find(id).result().error().code()).isEqualTo(Result.Code.WORKER_LOST);
            assertThat(stat(store, "running_interactive")).isEqualTo("0");
        }
        assertThat(stat(store, "run_ms")).as("a person's time tells nothing").isEqualTo("null");
    }
}
