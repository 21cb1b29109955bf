package dev.onpyrunner.job;

import static dev.onpyrunner.job.TestStore.ANN;
import static dev.onpyrunner.job.TestStore.RUNTIME;
import static dev.onpyrunner.job.TestStore.out;
import static dev.onpyrunner.job.TestStore.spec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.onpyrunner.Await;
import dev.onpyrunner.job.TestStore.Setup;
import dev.onpyrunner.redis.RedisLink;
import dev.onpyrunner.redis.TestRedis;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a reader of a job's log is shown: everything, once, in order, whatever happens to the bus and to the reader. */
@Timeout(60)
class JobFeedIT {
    private Vertx vertx;
    private TestRedis redis;
    private TestStore store;
    private JobBus bus;
    /** Feeds live here, as on the event loop of an HTTP verticle. */
    private Context loop;

    private JobStore loopStore;
    private JobFeeds feeds;

    @BeforeEach
    void start() throws IOException {
        vertx = Vertx.vertx();
        redis = TestRedis.start();
        store = TestStore.open(redis.link(vertx), Setup.USUAL);
        bus = new JobBus(vertx);
        loop = vertx.getOrCreateContext();
        Promise<RedisLink> opened = Promise.promise();
        loop.runOnContext(v -> RedisLink.open(vertx, redis.settings(), "feed").onComplete(opened));
        loopStore = new JobStore(Await.get(opened.future()), store.jobs.settings());
        feeds = new JobFeeds(vertx, loopStore, bus);
    }

    @AfterEach
    void stop() throws IOException {
        Await.get(vertx.close());
        redis.close();
    }

    /** Writes down what it is shown; may be full now and then, at random. */
    private final class Reader implements JobFeed.Viewer {
        private final List<JsonObject> events = new CopyOnWriteArrayList<>();
        private final List<Throwable> failures = new CopyOnWriteArrayList<>();
        private final Promise<Void> over = Promise.promise();
        private final Random random;
        private volatile boolean full;
        private final AtomicInteger ends = new AtomicInteger();
        private JobFeed.Place feed;

        /** {@code random} decides when it is full; null for never. */
        Reader(Random random) {
            this.random = random;
        }

        Reader open(JobId id, EventId after) {
            Promise<Void> opened = Promise.promise();
            loop.runOnContext(v -> {
                feed = feeds.open(id, after, this);
                opened.complete();
            });
            Await.get(opened.future());
            return this;
        }

        @Override
        public boolean isFull() {
            return full;
        }

        @Override
        public void events(EventBatch batch) {
            new JsonArray(batch.json()).forEach(e -> events.add((JsonObject) e));
            if (batch.ended()) {
                ends.incrementAndGet();
                over.tryComplete();
            } else if (random != null && random.nextInt(3) == 0) {
                full = true;
                vertx.setTimer(1 + random.nextInt(15), t -> drained());
            }
        }

        void drained() {
            full = false;
            feed.resume();
        }

        @Override
        public void failed(Throwable cause) {
            failures.add(cause);
            over.tryFail(cause);
        }

        List<String> ids() {
            return events.stream().map(e -> e.getString("id")).toList();
        }

        void awaitEnd() {
            Await.get(over.future());
        }

        void close() {
            Promise<Void> closed = Promise.promise();
            loop.runOnContext(v -> {
                feed.close();
                closed.complete();
            });
            Await.get(closed.future());
        }
    }

    private List<String> logIds(JobId id) {
        return store.log(id).stream().map(e -> e.id().toString()).toList();
    }

    /** Emits events in batches as a runner does, telling the bus of so many of ten. */
    private void write(Claim claim, int count, int heardOfTen, Random random) {
        long n = 2;
        while (n < count + 2) {
            List<JobEvent> batch = new ArrayList<>();
            for (int i = 1 + random.nextInt(7); i > 0 && n < count + 2; i--) {
                batch.add(out(claim, n, n + "\n"));
                n++;
            }
            Await.get(store.jobs.emit(claim, batch));
            if (random.nextInt(10) < heardOfTen) {
                bus.publish(claim.id(), EventBatch.of(batch, null));
            }
        }
        store.finish(claim, n);
        if (heardOfTen > 0) {
            bus.nudge(claim.id());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 7, 0})
    void shows_all_that_is_written_meanwhile_with_no_gap_and_no_repeat(int heardOfTen) {
        long seed = System.nanoTime();
        JobId id = store.accept(ANN);
        Claim claim = store.claim();
        store.emit(claim, out(claim, 2, "2\n"));
        Reader quick = new Reader(null).open(id, EventId.START);
        Reader slow = new Reader(new Random(seed)).open(id, EventId.START);
        Reader late = new Reader(new Random(seed + 1));
        Future<Void> lateOpened = vertx.timer(20).map(t -> null);
        lateOpened.onComplete(r ->
                loop.runOnContext(v -> late.feed = feeds.open(id, new EventId(claim.fence(), 1), late)));
        write(claim, 2_000, heardOfTen, new Random(seed + 2));

        List<String> log = logIds(id);
        assertThat(log).hasSize(2_003);
        for (Reader reader : List.of(quick, slow, late)) {
            reader.awaitEnd();
            assertThat(reader.failures).isEmpty();
            assertThat(reader.ends.get()).isEqualTo(1);
        }
        assertThat(quick.ids()).as("seed %d", seed).isEqualTo(log);
        assertThat(slow.ids()).as("seed %d", seed).isEqualTo(log);
        assertThat(late.ids()).as("seed %d", seed).isEqualTo(log.subList(2, log.size()));
        StringBuilder text = new StringBuilder();
        slow.events.stream().filter(e -> e.getString("k").equals("out")).forEach(e -> text.append(e.getString("d")));
        assertThat(text.toString().lines().map(Integer::valueOf).toList())
                .isEqualTo(
                        java.util.stream.IntStream.rangeClosed(2, 2_001).boxed().toList());
    }

    @Test
    void puts_the_finished_job_into_the_end_and_into_nothing_else() {
        JobId id = store.accept(ANN);
        store.finish(store.claim(), 2);
        Reader reader = new Reader(null).open(id, EventId.START);
        reader.awaitEnd();
        assertThat(reader.events).extracting(e -> e.getString("k")).containsExactly("state", "state", "end");
        assertThat(reader.events).extracting(e -> e.containsKey("job")).containsExactly(false, false, true);
        assertThat(reader.events.get(2).getJsonObject("job").getString("outcome"))
                .isEqualTo("OK");
    }

    @Test
    void goes_on_after_any_event() {
        JobId id = store.accept(ANN);
        write(store.claim(), 150, 0, new Random(1));
        List<String> log = logIds(id);
        List<Reader> readers = log.stream()
                .map(last -> new Reader(null).open(id, EventId.parse(last).orElseThrow()))
                .toList();
        for (int i = 0; i < readers.size(); i++) {
            readers.get(i).awaitEnd();
            assertThat(readers.get(i).ids()).isEqualTo(log.subList(i + 1, log.size()));
        }
    }

    @Test
    void is_over_at_once_for_a_reader_that_has_seen_the_end() {
        JobId id = store.accept(ANN);
        EventId end = store.finish(store.claim(), 2);
        Reader reader = new Reader(null).open(id, end);
        reader.awaitEnd();
        assertThat(reader.events).isEmpty();
        assertThat(reader.ends.get()).isEqualTo(1);
    }

    @Test
    void shows_a_second_start_after_the_first() {
        JobId id = store.accept(ANN);
        Reader reader = new Reader(null).open(id, EventId.START);
        Claim first = store.claim();
        store.emit(first, out(first, 2, "old"));
        bus.publish(id, EventBatch.of(List.of(out(first, 2, "old")), null));
        store.reap();
        bus.nudge(id);
        Claim second = store.claim();
        bus.nudge(id);
        store.emit(second, out(second, 2, "new"));
        bus.publish(id, EventBatch.of(List.of(out(second, 2, "new")), null));
        store.finish(second, 3);
        bus.nudge(id);
        reader.awaitEnd();
        assertThat(reader.ids()).isEqualTo(logIds(id));
        assertThat(reader.events)
                .extracting(e -> e.getString("k") + ":" + e.getString("d"))
                .containsExactly(
                        "state:QUEUED",
                        "state:RUNNING",
                        "out:old",
                        "requeued:QUEUED",
                        "state:RUNNING",
                        "out:new",
                        "end:DONE");
    }

    @Test
    void does_not_believe_a_bus_message_that_is_repeated_or_early() {
        JobId id = store.accept(ANN);
        Claim claim = store.claim();
        Reader reader = new Reader(null).open(id, EventId.START);
        List<JobEvent> events = List.of(out(claim, 2, "a"), out(claim, 3, "b"), out(claim, 4, "c"));
        Await.get(store.jobs.emit(claim, events));
        bus.publish(id, EventBatch.of(events.subList(2, 3), null));
        bus.publish(id, EventBatch.of(events.subList(1, 3), null));
        bus.publish(id, EventBatch.of(events, null));
        bus.publish(id, EventBatch.of(events, null));
        store.finish(claim, 5);
        bus.nudge(id);
        reader.awaitEnd();
        assertThat(reader.ids()).isEqualTo(logIds(id));
    }

    @Test
    void goes_on_when_redis_is_back() throws Exception {
        TestRedis.keepAll(store.link);
        JobId id = store.accept(ANN);
        Claim claim = store.claim();
        Reader reader = new Reader(null).open(id, EventId.START);
        Await.until("it has read the start", () -> reader.events.size() == 2);
        redis.kill();
        bus.nudge(id);
        Await.until("the links have noticed", () -> !store.jobs.isUp() && !loopStore.isUp());
        redis.restart();
        Await.until("the links are back", () -> store.jobs.isUp() && loopStore.isUp());
        store.emit(claim, out(claim, 2, "after"));
        store.finish(claim, 3);
        reader.awaitEnd();
        assertThat(reader.ids()).isEqualTo(logIds(id));
    }

    @Test
    void fails_when_there_is_no_such_job() {
        Reader reader = new Reader(null).open(JobId.random(0), EventId.START);
        Await.until("it has failed", () -> !reader.failures.isEmpty());
        assertThat(reader.failures).singleElement().isInstanceOf(Refusal.NoSuchJob.class);
        assertThat(reader.events).isEmpty();
    }

    @Test
    void fails_when_the_job_expires_before_a_slow_reader_has_it_all() {
        JobId id = store.accept(ANN, spec("pass", RUNTIME, 4, 1, 1));
        Claim claim = store.claim();
        Reader reader = new Reader(null).open(id, EventId.START);
        Await.until("it has read the start", () -> reader.events.size() == 2);
        reader.full = true;
        store.finish(claim, 2);
        Await.until("the job has expired", () -> !store.keys().contains("{0}:job:" + id));
        loop.runOnContext(v -> reader.drained());
        Await.until("it has failed", () -> !reader.failures.isEmpty());
        assertThat(reader.failures).singleElement().isInstanceOf(Refusal.JobGone.class);
        assertThat(reader.ends.get()).isZero();
    }

    @Test
    void says_nothing_more_when_it_is_closed() {
        JobId id = store.accept(ANN);
        Reader closed = new Reader(null).open(id, EventId.START);
        Reader other = new Reader(null).open(id, EventId.START);
        Await.until("it has read the start", () -> closed.events.size() == 1);
        closed.close();
        store.finish(store.claim(), 2);
        bus.nudge(id);
        other.awaitEnd();
        assertThat(closed.events).hasSize(1);
        assertThat(closed.ends.get()).isZero();
    }
}
