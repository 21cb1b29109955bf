package dev.onpyrunner.job;

import dev.onpyrunner.Await;
import dev.onpyrunner.redis.RedisLink;
import dev.onpyrunner.redis.TestRedis;
import io.vertx.core.buffer.Buffer;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** A job store under a key prefix of its own, with words for what tests do with it. Its calls block. */
final class TestStore {
    static final String RUNTIME = "python3";
    static final Owner ANN = new Owner("ip:10.0.0.1");
    static final Owner BOB = new Owner("ip:10.0.0.2");
    static final Limits LIMITS = new Limits(1_000, 2_000, 1_000, 1 << 20, 1 << 20, 8, 1 << 20);
    static final Result RESULT =
            new Result(Outcome.OK, 0, null, "Finished.", List.of("stdout"), new Usage(4, 3, 9_437_184, 1), null);

    private static final AtomicInteger COUNT = new AtomicInteger();

    /** How a store differs from the usual one: no cap is met, a lease is short, waiting is long. */
    record Setup(
            int partitions,
            long maxQueued,
            long maxLive,
            long maxQueuedBytes,
            long maxStored,
            int postsPerS,
            int postsAtOnce,
            long leaseMs,
            long timeoutMs) {
        static final Setup USUAL = new Setup(1, 100_000, 100_000, 1L << 40, 1L << 40, 0, 1, 200, 600_000);

        Setup withCaps(long queued, long live) {
            return new Setup(
                    partitions, queued, live, maxQueuedBytes, maxStored, postsPerS, postsAtOnce, leaseMs, timeoutMs);
        }

        Setup withBytes(long queuedBytes, long stored) {
            return new Setup(
                    partitions, maxQueued, maxLive, queuedBytes, stored, postsPerS, postsAtOnce, leaseMs, timeoutMs);
        }

        Setup withRate(int perS, int atOnce) {
            return new Setup(
                    partitions, maxQueued, maxLive, maxQueuedBytes, maxStored, perS, atOnce, leaseMs, timeoutMs);
        }

        Setup withLease(long ms) {
            return new Setup(
                    partitions, maxQueued, maxLive, maxQueuedBytes, maxStored, postsPerS, postsAtOnce, ms, timeoutMs);
        }

        Setup withTimeout(long ms) {
            return new Setup(
                    partitions, maxQueued, maxLive, maxQueuedBytes, maxStored, postsPerS, postsAtOnce, leaseMs, ms);
        }

        Setup withPartitions(int n) {
            return new Setup(
                    n, maxQueued, maxLive, maxQueuedBytes, maxStored, postsPerS, postsAtOnce, leaseMs, timeoutMs);
        }

        QueueSettings settings(String prefix) {
            return new QueueSettings(
                    prefix,
                    partitions,
                    maxQueued,
                    maxQueuedBytes,
                    maxLive,
                    maxStored,
                    1 << 20,
                    postsPerS,
                    postsAtOnce,
                    80,
                    leaseMs,
                    timeoutMs);
        }
    }

    final RedisLink link;
    final JobStore jobs;
    final String prefix;

    /** What is started with its acceptance, while {@link #slots} says that there is room. */
    final Queue<Claim> started = new ConcurrentLinkedQueue<>();

    final AtomicInteger slots = new AtomicInteger();

    private TestStore(RedisLink link, String prefix, Setup setup) {
        this.link = link;
        this.prefix = prefix;
        this.jobs = new JobStore(link, setup.settings(prefix), new JobMeters(), this::slot);
    }

    private Optional<FreeSlots.Slot> slot(String queue) {
        if (slots.getAndUpdate(n -> Math.max(0, n - 1)) == 0) {
            return Optional.empty();
        }
        return Optional.of(new FreeSlots.Slot() {
            @Override
            public String node() {
                return "node";
            }

            @Override
            public void run(Claim claim) {
                started.add(claim);
            }

            @Override
            public void giveBack() {
                slots.incrementAndGet();
            }
        });
    }

    static TestStore open(RedisLink link, Setup setup) {
        return new TestStore(link, "t" + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet(), setup);
    }

    /** The same jobs, seen over another link or with other settings. */
    TestStore sharing(RedisLink other, Setup setup) {
        return new TestStore(other, prefix, setup);
    }

    static JobSpec spec(String source) {
        return spec(source, RUNTIME, 4, 60, 2);
    }

    static JobSpec spec(String source, String runtime, int priority, long retentionS, int maxStarts) {
        return new JobSpec(
                List.of(new JobFile("main.py", Buffer.buffer(source))),
                "main.py",
                Buffer.buffer(),
                List.of(),
                Map.of(),
                runtime,
                LIMITS,
                priority,
                retentionS,
                maxStarts);
    }

    JobId accept(Owner owner) {
        return accept(owner, spec("pass"));
    }

    JobId accept(Owner owner, JobSpec spec) {
        return Await.get(jobs.accept(owner, spec, Optional.empty(), "here")).id();
    }

    JobStore.Accepted accept(Owner owner, JobSpec spec, String idempotencyKey) {
        return Await.get(jobs.accept(owner, spec, Optional.of(Idempotency.of(owner, idempotencyKey, spec)), "here"));
    }

    Optional<Claim> tryClaim(String... runtimes) {
        return Await.get(jobs.claim(0, runtimes.length == 0 ? List.of(RUNTIME) : List.of(runtimes), "node"));
    }

    Claim claim() {
        return tryClaim().orElseThrow(() -> new AssertionError("no job waits"));
    }

    void emit(Claim claim, JobEvent... events) {
        Await.get(jobs.emit(claim, List.of(events)));
    }

    EventId finish(Claim claim, long n, JobEvent... tail) {
        return Await.get(jobs.finish(claim, List.of(tail), n, JobStatus.DONE, RESULT))
                .event();
    }

    void storeFile(Claim claim, String path, String content) {
        Await.get(jobs.storeFile(claim, path, Buffer.buffer(content)));
    }

    /** Ends a job that hands back these files. */
    EventId finishWith(Claim claim, CollectedFile... files) {
        return Await.get(jobs.finish(claim, List.of(), 2, JobStatus.DONE, RESULT.withFiles(List.of(files))))
                .event();
    }

    /** All of a file that a job hands back. */
    String file(JobId id, String path) {
        CollectedFile file = find(id).files().stream()
                .filter(f -> f.path().equals(path))
                .findFirst()
                .orElseThrow(() -> new AssertionError("the job has no " + path));
        return Await.get(jobs.file(id, file, 0, Integer.MAX_VALUE)).toString();
    }

    static JobEvent out(Claim claim, long n, String text) {
        return new JobEvent(new EventId(claim.fence(), n), JobEvent.OUT, n, Buffer.buffer(text));
    }

    /** A job's place in its queue; 0 when it does not wait. */
    long position(JobId id) {
        Job.Place place = find(id).place();
        return place == null ? 0 : place.position();
    }

    /** What a cancel meets. */
    JobStore.Cancel.Met cancel(JobId id) {
        return Await.get(jobs.cancel(id)).met();
    }

    Job find(JobId id) {
        return Await.get(jobs.find(id));
    }

    /** How many live jobs an owner has. */
    long live(Owner owner) {
        return send(Command.HGET, key("owner-sum:" + owner.name()), "live").toLong();
    }

    List<JobEvent> log(JobId id) {
        return Await.get(jobs.log(id, EventId.START, 10_000));
    }

    /** The log as {@code kind:data} of each event. */
    List<String> logLines(JobId id) {
        return log(id).stream().map(e -> e.kind() + ":" + e.data()).toList();
    }

    List<JobStore.Reaped> tryReap() {
        return Await.get(jobs.reap(0, Optional.empty()));
    }

    /** Reaps until something has been moved. */
    List<JobStore.Reaped> reap() {
        List<JobStore.Reaped> moved = new ArrayList<>();
        Await.until("a job is reaped", () -> {
            moved.addAll(tryReap());
            return !moved.isEmpty();
        });
        return moved;
    }

    /** Waits until a job's lease has ended, by Redis' clock. */
    void awaitLeaseOver(JobId id) {
        Await.until("the lease is over", () -> {
            Response time = send(Command.TIME);
            long now = time.get(0).toLong() * 1000 + time.get(1).toLong() / 1000;
            return send(Command.ZSCORE, key("lease"), id).toLong() < now;
        });
    }

    /** The full name of a key in partition 0. */
    String key(String name) {
        return prefix + ":{0}:" + name;
    }

    Response send(Command command, Object... args) {
        return TestRedis.send(link, command, args);
    }

    /** The names of all keys, without their prefix. */
    Set<String> keys() {
        Set<String> names = new TreeSet<>();
        for (Response r : send(Command.KEYS, prefix + ":*")) {
            names.add(r.toString().substring(prefix.length() + 1));
        }
        return names;
    }

    /** Fields and values of the first entry of a stream that has a job's id; empty when none has. */
    List<String> entry(String stream, JobId id) {
        for (Response entry : send(Command.XRANGE, key(stream), "-", "+")) {
            List<String> fields = new ArrayList<>();
            entry.get(1).forEach(f -> fields.add(f.toString()));
            if (fields.contains(id.text())) {
                return fields;
            }
        }
        return List.of();
    }
}
