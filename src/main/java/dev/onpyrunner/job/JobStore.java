package dev.onpyrunner.job;

import dev.onpyrunner.redis.RedisLink;
import dev.onpyrunner.redis.Script;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.impl.types.ErrorType;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where jobs live: the only user of the queue's Lua scripts.
 *
 * <p>Every change of a job is one script, so it happens whole or not at all. Writes for a running job carry the claim's
 * token; when the job is not the caller's any more they fail with {@link NotHolderException} and change nothing. All
 * methods fail with {@link dev.onpyrunner.redis.RedisUnavailableException} when Redis does not answer.
 */
public final class JobStore {
    private static final Logger LOG = LoggerFactory.getLogger(JobStore.class);
    private static final Script ACCEPT = Script.named("accept");
    private static final Script CLAIM = Script.named("claim");
    private static final Script EMIT = Script.named("emit");
    private static final Script FILE = Script.named("file");
    private static final Script BEAT = Script.named("beat");
    private static final Script FINISH = Script.named("finish");
    private static final Script CANCEL = Script.named("cancel");
    private static final Script REAP = Script.named("reap");
    private static final Script RELEASE = Script.named("release");
    private static final Script PURGE = Script.named("purge");
    private static final Script PLACE = Script.named("place");
    private static final Script QUEUE = Script.named("queue");
    private static final Script INPUT = Script.named("input");
    private static final Script TAKE = Script.named("take");

    /** Of what {@link JobSpec#toJson} and the scripts store of a job. A runner leaves what is newer to newer nodes. */
    private static final int VERSION = 1;

    private static final int REAP_AT_ONCE = 100;
    /** A reap that reaches Redis later than this was held up: by Redis, maybe, and the living could not renew either. */
    private static final long REAP_LATE_MS = 1_000;

    /** What a job may write at least, in bytes, however much its owner has stored. */
    private static final long MIN_ROOM = 64 << 10;

    private static final int LOG_PAGE = 256;
    private static final int INPUT_PAGE = 16;
    /** How many figures accept.lua replies of a job that is queued; of one that is started there are more. */
    private static final int QUEUED_REPLY = 7;

    /** What accept.lua charges for a job beside its request. */
    private static final long OVERHEAD = 2_000;

    private static final int WAKE_NODE_S = 10;
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final String WORKER_LOST =
            text(Result.failed(Result.Code.WORKER_LOST, "The machine that ran this job was lost. Run it again."));
    private static final String CANCELLED = text(Result.cancelled("Cancelled."));
    private static final String[] FIELDS = {
        "status",
        "result",
        "queue",
        "limits",
        "starts",
        "fence",
        "n",
        "stdout_bytes",
        "stderr_bytes",
        "cancel",
        "created_at",
        "started_at",
        "finished_at",
        "expires_at",
        "trace"
    };

    private final RedisLink redis;
    private final QueueSettings settings;
    private final JobMeters meters;
    private final FreeSlots free;
    private final Keys keys;
    /** Jobs on their way into each partition. */
    private final List<Batches<Candidate, List<String>>> accepting;
    /** Redis' time when a partition was reaped last, and ours. */
    private final Map<Integer, Reading> clocks = new ConcurrentHashMap<>();

    /** No lease is taken before {@code quietUntil}, of {@link System#nanoTime}. */
    private record Reading(long redisMs, long nanos, long quietUntil) {
        long expectedMs() {
            return redisMs + (System.nanoTime() - nanos) / 1_000_000;
        }

        /** A clock that has jumped has ended leases that the living could not renew in time. */
        static Reading of(long redisMs, Reading last, long leaseMs) {
            long now = System.nanoTime();
            boolean jumped = last != null && redisMs > last.expectedMs() + REAP_LATE_MS;
            return new Reading(
                    redisMs, now, jumped ? now + leaseMs * 1_000_000 : last == null ? now : last.quietUntil());
        }
    }

    public JobStore(RedisLink redis, QueueSettings settings, JobMeters meters) {
        this(redis, settings, meters, FreeSlots.NONE);
    }

    /** A store of a node with a runner: what it accepts may be started at once. */
    public JobStore(RedisLink redis, QueueSettings settings, JobMeters meters, FreeSlots free) {
        this.redis = redis;
        this.settings = settings;
        this.meters = meters;
        this.free = free;
        this.keys = new Keys(settings.prefix());
        this.accepting = IntStream.range(0, settings.partitions())
                .mapToObj(k -> new Batches<Candidate, List<String>>(jobs -> accept(k, jobs)))
                .toList();
    }

    JobMeters meters() {
        return meters;
    }

    /** A store whose meters nobody reads. */
    public JobStore(RedisLink redis, QueueSettings settings) {
        this(redis, settings, new JobMeters());
    }

    public QueueSettings settings() {
        return settings;
    }

    /** Whether Redis can be reached now. */
    public boolean isUp() {
        return redis.isUp();
    }

    /**
     * The job that a request became.
     *
     * @param replayed whether it was accepted before, under the same Idempotency-Key
     * @param job the job as it was stored now; null when it was stored before
     * @param posts what its owner may still post; null when nobody counts
     */
    public record Accepted(JobId id, boolean replayed, Job job, Share.Posts posts) {}

    /**
     * Stores a job and its place in the queue, or starts it at once in a free slot.
     *
     * @param acceptedBy bus address that is told of the job's end
     * @return fails with {@link Refusal.QueueFull}, {@link Refusal.TooManyJobs}, {@link Refusal.TooManyQueued}, {@link Refusal.TooManyBytes}, {@link
     *     Refusal.TooManyPosts}, {@link Refusal.StoreFull} or {@link Refusal.KeyReused}; then nothing is stored
     */
    public Future<Accepted> accept(Owner owner, JobSpec spec, Optional<Idempotency> idempotency, String acceptedBy) {
        return accept(owner, settings.share(), spec, idempotency, acceptedBy, Optional.empty());
    }

    /** The same for an owner with a share of its own, and a request that may belong to a trace. */
    public Future<Accepted> accept(
            Owner owner,
            Share share,
            JobSpec spec,
            Optional<Idempotency> idempotency,
            String acceptedBy,
            Optional<TraceContext> trace) {
        int k = owner.partition(settings.partitions());
        JobId id = JobId.random(k);
        Buffer stored = spec.toJson().toBuffer();
        long most = Math.min(settings.maxQueuedBytes(), settings.maxStoredBytesPerClient()) - OVERHEAD;
        if (stored.length() > most) {
            Refusal refusal = new Refusal.TooLarge(stored.length(), most);
            meters.refused(refusal);
            return Future.failedFuture(refusal);
        }
        String idem = idempotency.map(Idempotency::key).orElse("");
        Optional<FreeSlots.Slot> slot = free.reserve(spec.queue());
        String token = slot.isPresent() ? newToken() : "";
        List<String> names = List.of(
                keys.job(id),
                keys.ready(k, spec.queue()),
                keys.ownerSum(k, owner),
                keys.ownerKept(k, owner),
                keys.idem(k, idem));
        List<Object> args = List.of(
                id,
                owner.name(),
                spec.queue(),
                spec.priority(),
                stored,
                Codec.toText(spec.limits()),
                spec.maxStarts(),
                spec.retentionS() * 1000,
                spec.interactive() ? 1 : 0,
                acceptedBy,
                idem,
                idempotency.map(Idempotency::fingerprint).orElse(""),
                share.live(),
                share.queued(),
                share.stepMs(),
                share.atOnce(),
                trace.map(TraceContext::parent).orElse(""),
                token);
        Candidate candidate = new Candidate(names, args, slot.map(FreeSlots.Slot::node));
        Future<List<String>> replied = accepting.get(k).add(candidate, stored.length());
        slot.ifPresent(s -> replied.onComplete(r -> {
            if (r.succeeded() && r.result().size() > QUEUED_REPLY) {
                s.run(started(id, token, spec, acceptedBy, trace, r.result()));
            } else {
                s.giveBack();
            }
        }));
        return replied.recover(e -> isFull(e) ? replay(k, idempotency) : Future.failedFuture(e))
                .compose(reply -> accepted(id, share, spec, trace, reply))
                .onSuccess(a -> {
                    meters.accepted(a.replayed());
                    if (!a.replayed()) {
                        LOG.info("job {} queued for {}{}", id.brief(), owner.name(), TraceContext.logged(trace));
                    }
                })
                .onFailure(e -> {
                    if (e instanceof Refusal refusal) {
                        meters.refused(refusal);
                        LOG.debug("a job of {} refused: {}", owner.name(), refusal.getMessage());
                    }
                });
    }

    /** The job as its runner has it from the moment of its acceptance. */
    private Claim started(
            JobId id, String token, JobSpec spec, String acceptedBy, Optional<TraceContext> trace, List<String> reply) {
        long now = Long.parseLong(reply.get(1));
        Claim claim = new Claim(
                id,
                Long.parseLong(reply.get(QUEUED_REPLY)),
                token,
                1,
                now,
                spec,
                acceptedBy,
                now,
                false,
                Math.max(MIN_ROOM, Long.parseLong(reply.get(QUEUED_REPLY + 1))),
                false,
                trace);
        meters.claimed(claim);
        return claim;
    }

    /** The keys and arguments of a job to be accepted, and the node that keeps a slot for it. */
    private record Candidate(List<String> keys, List<Object> args, Optional<String> node) {}

    /** Asks accept.lua about several jobs of one partition; what it replies of each. */
    private Future<List<List<String>>> accept(int k, List<Candidate> jobs) {
        List<String> names = new ArrayList<>(List.of(keys.deadline(k), keys.stats(k)));
        List<Object> args = new ArrayList<>(List.of(
                keys.partition(k),
                settings.timeoutMs(),
                settings.maxQueued(),
                settings.maxQueuedBytes(),
                settings.maxStoredBytesPerClient(),
                VERSION,
                // All slots are of this process' node.
                jobs.stream().flatMap(j -> j.node().stream()).findFirst().orElse(""),
                settings.leaseMs()));
        for (Candidate job : jobs) {
            names.addAll(job.keys());
            args.addAll(job.args());
        }
        return ACCEPT.run(redis, names, args)
                .map(r -> r.stream().map(JobStore::texts).toList());
    }

    /** What accept would say of a request that came before; a full Redis runs no script that may store something. */
    private Future<List<String>> replay(int k, Optional<Idempotency> idempotency) {
        if (idempotency.isEmpty()) {
            return Future.failedFuture(new Refusal.StoreFull());
        }
        Idempotency asked = idempotency.get();
        return redis.send(Request.cmd(Command.HMGET)
                        .arg(keys.idem(k, asked.key()))
                        .arg("id")
                        .arg("fingerprint"))
                .compose(seen -> {
                    if (seen.get(0) == null) {
                        return Future.failedFuture(new Refusal.StoreFull());
                    }
                    return Future.succeededFuture(
                            seen.get(1).toString().equals(asked.fingerprint())
                                    ? List.of("SAME", seen.get(0).toString())
                                    : List.of("OTHER"));
                });
    }

    private Future<Accepted> accepted(
            JobId id, Share share, JobSpec spec, Optional<TraceContext> trace, List<String> reply) {
        String what = reply.get(0);
        if (what.equals("OK")) {
            List<Long> figures = reply.stream().skip(1).map(Long::parseLong).toList();
            Job.Place place = place(figures.get(1), figures.get(2), figures.get(3), figures.get(4));
            return Future.succeededFuture(new Accepted(
                    id, false, Job.queued(id, spec, figures.get(0), place, trace), share.left(figures.get(5))));
        }
        if (what.equals("SAME")) {
            return Future.succeededFuture(new Accepted(new JobId(reply.get(1)), true, null, null));
        }
        if (what.equals("OTHER")) {
            return Future.failedFuture(new Refusal.KeyReused());
        }
        long figure = Long.parseLong(reply.get(1));
        long retryMs = Long.parseLong(reply.get(2));
        return Future.failedFuture(
                switch (what) {
                    case "QUEUE_FULL" -> Refusal.QueueFull.ofJobs(figure, retryMs);
                    case "QUEUE_BYTES" -> Refusal.QueueFull.ofBytes(figure, retryMs);
                    case "OWNER_FULL" -> new Refusal.TooManyJobs(figure, retryMs);
                    case "OWNER_QUEUE" -> new Refusal.TooManyQueued(figure, retryMs);
                    case "OWNER_BYTES" -> new Refusal.TooManyBytes(figure, retryMs);
                    case "RATE" ->
                        new Refusal.TooManyPosts(retryMs, share.left(Math.round(share.stepMs() * share.atOnce())));
                    case "STORE_FULL" -> new Refusal.StoreFull();
                    default -> new IllegalStateException("accept replied " + reply);
                });
    }

    /** Takes the first job of some queues ({@link JobSpec#queue}) of a partition; empty when none waits. */
    public Future<Optional<Claim>> claim(int partition, List<String> queues, String node) {
        List<String> names = new ArrayList<>(List.of(keys.lease(partition), keys.stats(partition)));
        queues.forEach(q -> names.add(keys.ready(partition, q)));
        String token = newToken();
        List<Object> args = List.of(
                keys.partition(partition),
                node,
                token,
                settings.leaseMs(),
                VERSION,
                settings.maxStoredBytesPerClient());
        return CLAIM.run(redis, names, args)
                .map(r -> r == null ? Optional.<Claim>empty() : Optional.of(readClaim(r, token)))
                .onSuccess(claim -> claim.ifPresent(meters::claimed));
    }

    private static String newToken() {
        byte[] secret = new byte[16];
        RANDOM.nextBytes(secret);
        return HexFormat.of().formatHex(secret);
    }

    private static List<String> texts(Response reply) {
        List<String> texts = new ArrayList<>();
        reply.forEach(r -> texts.add(r.toString()));
        return texts;
    }

    private static Claim readClaim(Response r, String token) {
        return new Claim(
                new JobId(r.get(0).toString()),
                r.get(1).toLong(),
                token,
                r.get(2).toInteger(),
                r.get(3).toLong(),
                JobSpec.fromJson(r.get(4).toBuffer().toJsonObject()),
                r.get(6).toString(),
                r.get(7).toLong(),
                !r.get(5).toString().isEmpty(),
                Math.max(MIN_ROOM, r.get(9).toLong()),
                r.get(10).toInteger() > 0,
                Optional.of(r.get(11).toString()).filter(t -> !t.isEmpty()).map(TraceContext::new));
    }

    /** Appends events to a running job's log. Sending the same events twice stores them once. */
    public Future<Void> emit(Claim claim, List<JobEvent> events) {
        List<Object> args = holderArgs(claim);
        args.add(claim.fence());
        addEvents(args, events);
        return EMIT.run(redis, List.of(keys.job(claim.id()), keys.log(claim.id())), args)
                .compose(r -> r.toInteger() == 1 ? Future.succeededFuture() : fenced(claim));
    }

    /** What has been asked of a running job since. */
    public record Asked(boolean cancel, boolean input) {}

    /** Renews a running job's lease. */
    public Future<Asked> beat(Claim claim) {
        List<Object> args = holderArgs(claim);
        args.add(settings.leaseMs());
        List<String> names = List.of(keys.job(claim.id()), keys.lease(claim.id().partition()), keys.input(claim.id()));
        return BEAT.run(redis, names, args)
                .compose(r -> r.toInteger() < 0
                        ? fenced(claim)
                        : Future.succeededFuture(new Asked((r.toInteger() & 1) != 0, (r.toInteger() & 2) != 0)));
    }

    /**
     * Keeps what a program is to be given. It is kept whole or not at all.
     *
     * @return false when it came before, from the same sender with the same number; fails with {@link
     *     Refusal.NotTaken}, {@link Refusal.TooMuchInput}, {@link Refusal.TooManyBytes}, {@link Refusal.StoreFull},
     *     {@link Refusal.NoSuchJob} or {@link Refusal.JobGone}
     */
    public Future<Boolean> input(JobId id, JobInput.Sender sender, List<JobInput> what) {
        List<Object> args = new ArrayList<>(List.of(
                keys.partition(id),
                id,
                sender.name(),
                sender.number(),
                settings.maxInputBytesPerJob(),
                settings.maxStoredBytesPerClient()));
        for (JobInput each : what) {
            args.add(each.kind().text());
            args.add(each.data());
        }
        return INPUT.run(redis, List.of(keys.job(id), keys.input(id), keys.inputFrom(id)), args)
                .recover(e -> Future.failedFuture(isFull(e) ? new Refusal.StoreFull() : e))
                .compose(r -> switch (r.get(0).toString()) {
                    case "OK" -> Future.succeededFuture(true);
                    case "SAME" -> Future.succeededFuture(false);
                    case "ENDED" -> Future.failedFuture(Refusal.NotTaken.ended());
                    case "WAITING" -> Future.failedFuture(Refusal.NotTaken.waiting());
                    case "WHOLE" -> Future.failedFuture(Refusal.NotTaken.whole());
                    case "CLOSED" -> Future.failedFuture(Refusal.NotTaken.closed());
                    case "NUMBER" ->
                        Future.failedFuture(Refusal.NotTaken.outOfOrder(r.get(1).toString()));
                    case "TOO_MUCH" ->
                        Future.failedFuture(
                                new Refusal.TooMuchInput(r.get(1).toString(), settings.maxInputBytesPerJob()));
                    case "OWNER_BYTES" ->
                        Future.failedFuture(new Refusal.TooManyBytes(r.get(1).toLong(), 0));
                    default -> absent(id);
                });
    }

    /**
     * What a running job is to be given next, the oldest first; nothing when there is no more. What the caller has is
     * forgotten.
     *
     * @param had number of the last one that the caller has; 0 for none
     */
    public Future<List<JobInput>> take(Claim claim, long had) {
        List<Object> args = holderArgs(claim);
        args.add(had);
        args.add(INPUT_PAGE);
        return TAKE.run(redis, List.of(keys.job(claim.id()), keys.input(claim.id())), args)
                .compose(r -> {
                    if (r == null) {
                        return fenced(claim);
                    }
                    List<JobInput> inputs = new ArrayList<>();
                    for (int i = 0; i + 2 < r.size(); i += 3) {
                        JobInput.Kind kind =
                                JobInput.Kind.valueOf(r.get(i + 1).toString().toUpperCase(Locale.ROOT));
                        inputs.add(new JobInput(
                                r.get(i).toLong(), kind, r.get(i + 2).toBuffer()));
                    }
                    return Future.succeededFuture(inputs);
                });
    }

    private <T> Future<T> fenced(Claim claim) {
        meters.fenced();
        return Future.failedFuture(new NotHolderException(claim.id()));
    }

    /**
     * Stores a file that a running job hands back. It is there for clients once the job has ended with a {@link Result}
     * that names it, and is removed when the job is started again instead.
     *
     * @param path as {@link JobFile#pathProblem} allows it; a file that was stored before under this path is replaced
     * @return fails with {@link Refusal.StoreFull}; then nothing is stored, and the job can still be ended
     */
    public Future<Void> storeFile(Claim claim, String path, Buffer content) {
        String problem = JobFile.pathProblem(path);
        if (problem != null) {
            return Future.failedFuture(new IllegalArgumentException(problem));
        }
        JobId id = claim.id();
        List<Object> args = holderArgs(claim);
        args.add(path);
        args.add(content);
        return FILE.run(redis, List.of(keys.job(id), keys.file(id, path), keys.files(id)), args)
                .recover(e -> Future.failedFuture(isFull(e) ? new Refusal.StoreFull() : e))
                .compose(r -> r.toInteger() == 1 ? Future.succeededFuture() : fenced(claim));
    }

    private static boolean isFull(Throwable e) {
        return e instanceof ErrorType error && error.is("OOM");
    }

    /**
     * Ends a running job. A repeat, because the answer was lost, changes nothing and is answered likewise.
     *
     * @param tail events not sent before; the end event takes the number {@code endN}, which is after theirs
     * @return fails with {@link NotHolderException} when the job is not the caller's
     */
    public Future<Ended> finish(Claim claim, List<JobEvent> tail, long endN, JobStatus status, Result result) {
        List<Object> args = holderArgs(claim);
        args.add(claim.fence());
        args.add(status);
        args.add(Codec.toText(result));
        args.add(endN);
        addEvents(args, tail);
        List<String> names = List.of(
                keys.job(claim.id()),
                keys.log(claim.id()),
                keys.lease(claim.id().partition()));
        return FINISH.run(redis, names, args)
                .<Ended>compose(r -> r.get(0).toInteger() == 1
                        ? Future.succeededFuture(ended(claim, status, result, r))
                        : fenced(claim))
                .onSuccess(end -> meters.ended(status, result));
    }

    /**
     * A job's end.
     *
     * @param event the end event's place
     * @param job the job as it is now; empty when it had been ended before, by a call whose answer was lost
     */
    public record Ended(EventId event, Optional<Job> job) {}

    private static Ended ended(Claim claim, JobStatus status, Result result, Response r) {
        EventId event = EventId.parse(r.get(1).toString()).orElseThrow();
        if (r.size() == 2) {
            return new Ended(event, Optional.empty());
        }
        Job job = new Job(
                claim.id(),
                status,
                result,
                claim.spec().runtime(),
                claim.spec().limits(),
                claim.starts(),
                claim.fence(),
                r.get(4).toLong(),
                r.get(5).toLong(),
                r.get(6).toLong(),
                r.get(7) != null,
                null,
                claim.createdAt(),
                claim.claimedAt(),
                r.get(2).toLong(),
                r.get(3).toLong(),
                claim.trace());
        return new Ended(event, Optional.of(job));
    }

    /**
     * Gives a running job back, for another runner to start it, without counting this start. Its program must have
     * been killed before.
     *
     * @return what became of it: one that is to be cancelled, or that is interactive, ends instead
     */
    public Future<Reaped> release(Claim claim) {
        List<Object> args = holderArgs(claim);
        args.add(CANCELLED);
        args.add(WORKER_LOST);
        JobId id = claim.id();
        return RELEASE.run(
                        redis, List.of(keys.job(id), keys.lease(id.partition()), keys.deadline(id.partition())), args)
                .map(Response::toString)
                .compose(r -> r.equals("NOT_HELD")
                        ? fenced(claim)
                        : Future.succeededFuture(new Reaped(id, Reaped.What.valueOf(r), claim.acceptedBy())))
                .onSuccess(r -> {
                    if (r.what() == Reaped.What.REQUEUED) {
                        meters.givenBack();
                    } else {
                        meters.ended(r.what().status(), r.what().as());
                    }
                });
    }

    private List<Object> holderArgs(Claim claim) {
        return new ArrayList<>(List.of(keys.partition(claim.id()), claim.id(), claim.token()));
    }

    private static void addEvents(List<Object> args, List<JobEvent> events) {
        for (JobEvent e : events) {
            args.add(e.id().n());
            args.add(e.kind());
            args.add(e.t());
            args.add(e.data());
        }
    }

    /**
     * What a cancel met.
     *
     * @param acceptedBy bus address of the node that accepted the job, when it has ended at once; else empty
     */
    public record Cancel(Met met, String acceptedBy) {
        /** The job's state. */
        public enum Met {
            /** The job waited; it is CANCELLED now. */
            AT_ONCE,
            /** The job runs; its runner has to stop it. */
            ASKED,
            /** The job had ended; nothing changed. */
            TOO_LATE
        }
    }

    /** Cancels a job. Fails with {@link Refusal.NoSuchJob} or {@link Refusal.JobGone}. */
    public Future<Cancel> cancel(JobId id) {
        Result result = Result.cancelled("Cancelled before it was run.");
        return queueOf(id)
                .compose(queue -> CANCEL.run(
                        redis,
                        List.of(keys.job(id), keys.ready(id.partition(), queue)),
                        List.of(keys.partition(id), id, text(result))))
                .compose(r -> switch (r.get(0).toString()) {
                    case "CANCELLED" -> {
                        meters.ended(JobStatus.CANCELLED, result);
                        LOG.info("job {} cancelled while it waited", id.brief());
                        yield Future.succeededFuture(
                                new Cancel(Cancel.Met.AT_ONCE, r.get(1).toString()));
                    }
                    case "RUNNING" -> {
                        LOG.info("job {} is to be cancelled", id.brief());
                        yield Future.succeededFuture(new Cancel(Cancel.Met.ASKED, ""));
                    }
                    case "ENDED" -> Future.succeededFuture(new Cancel(Cancel.Met.TOO_LATE, ""));
                    default -> absent(id);
                });
    }

    /**
     * Removes what is stored of an ended job; from then on it is gone. Fails with {@link Refusal.NoSuchJob} or {@link
     * Refusal.JobGone}.
     *
     * @return false when it has not ended; then nothing changed
     */
    public Future<Boolean> purge(JobId id) {
        return PURGE.run(redis, List.of(keys.job(id), keys.log(id)), List.of(keys.partition(id), id))
                .compose(r -> switch (r.get(0).toString()) {
                    case "PURGED" -> Future.succeededFuture(true);
                    case "LIVE" -> Future.succeededFuture(false);
                    default -> absent(id);
                });
    }

    private Future<String> queueOf(JobId id) {
        return redis.send(Request.cmd(Command.HGET).arg(keys.job(id)).arg("queue"))
                .compose(r -> r == null ? absent(id) : Future.succeededFuture(r.toString()));
    }

    /**
     * A job that {@link #reap} or {@link #release} moved.
     *
     * @param acceptedBy bus address of the node that accepted it
     */
    public record Reaped(JobId id, What what, String acceptedBy) {
        /** What became of it. */
        public enum What {
            /** It is to be started again. */
            REQUEUED(JobStatus.QUEUED, "QUEUED"),
            /** It had no start left. */
            LOST(JobStatus.ERROR, "WORKER_LOST"),
            /** It had waited for too long. */
            TIMEOUT(JobStatus.ERROR, "QUEUE_TIMEOUT"),
            /** A cancel had been asked for. */
            CANCELLED(JobStatus.CANCELLED, "CANCELLED");

            private final JobStatus status;
            private final String as;

            What(JobStatus status, String as) {
                this.status = status;
                this.as = as;
            }

            /** What its end is counted as. */
            String as() {
                return as;
            }

            /** The job's state now. */
            public JobStatus status() {
                return status;
            }
        }
    }

    /**
     * Moves on the jobs of a partition whose lease has ended, and those that have waited too long; and looks how full
     * Redis is, for {@link #accept}.
     *
     * <p>While the link to the master that has them is younger than one lease, no lease is reaped, so that the living can renew theirs
     * after Redis was away; nor by the first call, by one that Redis carries out late, or soon after Redis' clock jumped.
     *
     * @param slots of all nodes together, for estimates; empty when not known
     */
    public Future<List<Reaped>> reap(int partition, Optional<Nodes.Slots> slots) {
        Reading last = clocks.get(partition);
        boolean mayTake = last != null
                && System.nanoTime() - last.quietUntil() >= 0
                && redis.upMs(keys.lease(partition)) > settings.leaseMs();
        long until = mayTake ? last.expectedMs() + REAP_LATE_MS : 0;
        List<Object> args = List.of(
                keys.partition(partition),
                REAP_AT_ONCE,
                until,
                WORKER_LOST,
                text(Result.failed(
                        Result.Code.QUEUE_TIMEOUT,
                        "No worker took this job within " + settings.timeoutMs() / 1000 + " s. Run it again.")),
                CANCELLED,
                slots.map(s -> String.valueOf(s.plain())).orElse(""),
                settings.fullPercent(),
                slots.map(s -> String.valueOf(s.interactive())).orElse(""));
        return REAP.run(redis, List.of(keys.lease(partition), keys.deadline(partition), keys.stats(partition)), args)
                .map(r -> {
                    clocks.put(partition, Reading.of(r.get(0).toLong(), last, settings.leaseMs()));
                    List<Reaped> moved = new ArrayList<>();
                    for (int i = 1; i + 2 < r.size(); i += 3) {
                        JobId id = new JobId(r.get(i).toString());
                        Reaped.What what = Reaped.What.valueOf(r.get(i + 1).toString());
                        moved.add(new Reaped(id, what, r.get(i + 2).toString()));
                        meters.reaped(what);
                        if (what.status().isTerminal()) {
                            meters.ended(what.status(), what.as());
                        }
                        LOG.warn("job {} reaped: {}", id.brief(), what);
                    }
                    return moved;
                });
    }

    private static String text(Result result) {
        return Codec.toText(result);
    }

    /** One key of each partition: where the keys of a partition are, all its keys are. */
    public static List<String> keysOfPartitions(QueueSettings settings) {
        Keys keys = new Keys(settings.prefix());
        return IntStream.range(0, settings.partitions()).mapToObj(keys::lease).toList();
    }

    /**
     * Waits in Redis until a job may be ready in a queue, or {@link #wakeNode} is called; true when one may.
     * Needs a link of its own.
     */
    public Future<Boolean> awaitWake(RedisLink blocking, int partition, String queue, String node, long seconds) {
        Request request =
                Request.cmd(Command.BLPOP).arg(keys.wake(partition, queue)).arg(keys.wakeNode(partition, node));
        return blocking.send(request.arg(seconds)).map(r -> r != null);
    }

    /** Ends the wait of one node at one partition. */
    public Future<Void> wakeNode(int partition, String node) {
        String key = keys.wakeNode(partition, node);
        Future<Response> woken = redis.send(Request.cmd(Command.LPUSH).arg(key).arg("1"));
        // Nobody may wait there just now.
        redis.send(Request.cmd(Command.EXPIRE).arg(key).arg(WAKE_NODE_S));
        return woken.mapEmpty();
    }

    /** Hands a wake token on: it reached a runner that has no free slot. */
    public Future<Void> passWake(int partition, String queue) {
        return redis.send(Request.cmd(Command.LPUSH)
                        .arg(keys.wake(partition, queue))
                        .arg("1"))
                .mapEmpty();
    }

    /** The job as it is now. Fails with {@link Refusal.NoSuchJob} or {@link Refusal.JobGone}. */
    public Future<Job> find(JobId id) {
        if (id.partition() >= settings.partitions()) {
            return Future.failedFuture(new Refusal.NoSuchJob());
        }
        Request request = Request.cmd(Command.HMGET).arg(keys.job(id));
        for (String field : FIELDS) {
            request.arg(field);
        }
        return redis.send(request).compose(r -> {
            if (r.get(0) == null) {
                return absent(id);
            }
            JobStatus status = JobStatus.valueOf(r.get(0).toString());
            return switch (status) {
                case QUEUED -> place(id).compose(p -> p.isPresent() ? done(readJob(id, r, p.get())) : find(id));
                case RUNNING -> mended(id).map(v -> readJob(id, r, null));
                default -> done(readJob(id, r, null));
            };
        });
    }

    private static Future<Job> done(Job job) {
        return Future.succeededFuture(job);
    }

    /** The state of a job, and nothing else of it: the cheapest look. Fails as {@link #find} does. */
    public Future<JobStatus> status(JobId id) {
        return redis.send(Request.cmd(Command.HGET).arg(keys.job(id)).arg("status"))
                .compose(r -> r == null ? absent(id) : Future.succeededFuture(JobStatus.valueOf(r.toString())));
    }

    /** Where a job stands in its queue; empty when it waits no longer. */
    private Future<Optional<Job.Place>> place(JobId id) {
        return look(id).map(r -> {
            long rank = r.get(0).toLong();
            if (rank < 0) {
                return Optional.<Job.Place>empty();
            }
            return Optional.of(
                    place(rank, r.get(1).toLong(), r.get(2).toLong(), r.get(3).toLong()));
        });
    }

    /** Runners take the partitions in turn, so what is true of one is about true of all. */
    private Job.Place place(long rank, long running, long slots, long runMs) {
        int partitions = settings.partitions();
        return new Job.Place(
                rank + 1, QueueFigures.estimate(rank * partitions + 1, running * partitions, slots, runMs));
    }

    private Future<Response> look(JobId id) {
        int k = id.partition();
        return PLACE.run(
                redis,
                List.of(keys.job(id), keys.lease(k), keys.deadline(k), keys.stats(k)),
                List.of(keys.partition(k), id, VERSION));
    }

    /** A running job without a lease would run for ever: it is given one that is over. */
    private Future<Void> mended(JobId id) {
        return redis.send(Request.cmd(Command.ZSCORE)
                        .arg(keys.lease(id.partition()))
                        .arg(id.text()))
                .compose(lease -> lease == null ? look(id).mapEmpty() : Future.succeededFuture());
    }

    private static Job readJob(JobId id, Response r, Job.Place place) {
        return new Job(
                id,
                JobStatus.valueOf(r.get(0).toString()),
                r.get(1) == null ? null : Codec.fromText(r.get(1).toString(), Result.class),
                JobSpec.runtimeOf(r.get(2).toString()),
                Codec.fromText(r.get(3).toString(), Limits.class),
                (int) number(r.get(4)),
                number(r.get(5)),
                number(r.get(6)),
                number(r.get(7)),
                number(r.get(8)),
                r.get(9) != null,
                place,
                number(r.get(10)),
                number(r.get(11)),
                number(r.get(12)),
                number(r.get(13)),
                Optional.ofNullable(r.get(14)).map(t -> new TraceContext(t.toString())));
    }

    private static long number(Response r) {
        return r == null ? 0 : r.toLong();
    }

    private <T> Future<T> absent(JobId id) {
        return redis.send(Request.cmd(Command.ZSCORE)
                        .arg(keys.gone(id.partition()))
                        .arg(id.text()))
                .compose(r -> Future.failedFuture(r != null ? new Refusal.JobGone() : new Refusal.NoSuchJob()));
    }

    /** A job that was given up for good, and why: the name of a {@link Result.Code}. */
    public record Dead(JobId id, String why, long at) {}

    /** Up to {@code count} of the jobs of each partition that were given up last, the latest first. */
    public Future<List<Dead>> dead(int count) {
        List<Future<Response>> replies = new ArrayList<>();
        for (int k = 0; k < settings.partitions(); k++) {
            replies.add(redis.send(Request.cmd(Command.XREVRANGE)
                    .arg(keys.dead(k))
                    .arg("+")
                    .arg("-")
                    .arg("COUNT")
                    .arg(count)));
        }
        return Future.all(replies).map(all -> {
            List<Dead> dead = new ArrayList<>();
            for (Future<Response> reply : replies) {
                for (Response entry : reply.result()) {
                    Response fields = entry.get(1);
                    String time = entry.get(0).toString();
                    dead.add(new Dead(
                            new JobId(fields.get(1).toString()),
                            fields.get(3).toString(),
                            Long.parseLong(time.substring(0, time.indexOf('-')))));
                }
            }
            dead.sort(Comparator.comparingLong(Dead::at).reversed());
            return dead.size() > count ? List.copyOf(dead.subList(0, count)) : dead;
        });
    }

    /** The queue as it is now, over all partitions. */
    public Future<QueueFigures> queue() {
        List<Future<Response>> replies = new ArrayList<>();
        for (int k = 0; k < settings.partitions(); k++) {
            replies.add(QUEUE.run(
                    redis, List.of(keys.deadline(k), keys.lease(k), keys.stats(k)), List.of(keys.partition(k))));
        }
        return Future.all(replies)
                .map(all -> replies.stream()
                        .map(r -> QueueFigures.read(r.result()))
                        .reduce(QueueFigures.NONE, QueueFigures::plus));
    }

    /** The request as accepted. Fails with {@link Refusal.NoSuchJob} or {@link Refusal.JobGone}. */
    public Future<JsonObject> spec(JobId id) {
        return redis.send(Request.cmd(Command.HGET).arg(keys.job(id)).arg("spec"))
                .compose(r -> r == null
                        ? absent(id)
                        : Future.succeededFuture(r.toBuffer().toJsonObject()));
    }

    /** Up to {@code count} events after the given place, oldest first. */
    public Future<List<JobEvent>> log(JobId id, EventId after, int count) {
        return written(id, after, count).compose(events -> {
            if (!events.isEmpty() || !JobEvent.FIRST.id().isAfter(after)) {
                return Future.succeededFuture(events);
            }
            // The first event is written with the second one, which may have come meanwhile.
            return redis.send(Request.cmd(Command.HGET).arg(keys.job(id)).arg("status"))
                    .compose(status -> status != null && status.toString().equals(JobStatus.QUEUED.name())
                            ? Future.succeededFuture(List.of(JobEvent.FIRST))
                            : written(id, after, count));
        });
    }

    private Future<List<JobEvent>> written(JobId id, EventId after, int count) {
        return redis.send(Request.cmd(Command.XRANGE)
                        .arg(keys.log(id))
                        .arg("(" + after)
                        .arg("+")
                        .arg("COUNT")
                        .arg(count))
                .map(entries -> {
                    List<JobEvent> events = new ArrayList<>(entries.size());
                    for (Response entry : entries) {
                        Response fields = entry.get(1);
                        events.add(new JobEvent(
                                EventId.parse(entry.get(0).toString()).orElseThrow(),
                                fields.get(1).toString(),
                                fields.get(3).toLong(),
                                fields.get(5).toBuffer()));
                    }
                    return events;
                });
    }

    /** What the job has written in its present start, byte for byte; nothing while it waits for one. */
    public Future<Output> output(Job job) {
        Output output = Output.none();
        if (job.status() == JobStatus.QUEUED) {
            return Future.succeededFuture(output);
        }
        return collect(job.id(), new EventId(Math.max(0, job.fence() - 1), Long.MAX_VALUE), output);
    }

    private Future<Output> collect(JobId id, EventId after, Output before) {
        return log(id, after, LOG_PAGE).compose(events -> {
            Output output = with(before, events);
            return events.size() < LOG_PAGE
                    ? Future.succeededFuture(output)
                    : collect(id, events.get(events.size() - 1).id(), output);
        });
    }

    private static Output with(Output before, List<JobEvent> events) {
        Output output = before;
        for (JobEvent e : events) {
            output = output.with(e);
        }
        return output;
    }

    /** A job, and what it has written in its present start. */
    public record Whole(Job job, Output output) {}

    /**
     * Keeps which jobs were posted together, for as long as one of them may be kept.
     *
     * @param retentionS how long the results are kept, in seconds
     */
    public Future<Void> keep(Batch batch, long retentionS) {
        long ms = settings.timeoutMs() + retentionS * 1000;
        return redis.send(Request.cmd(Command.SET)
                        .arg(keys.batch(batch.id()))
                        .arg(batch.toText())
                        .arg("PX")
                        .arg(ms))
                .mapEmpty();
    }

    /** Which jobs were posted together; fails with {@link Refusal.NoSuchJob}, also when it was too long ago. */
    public Future<Batch> batch(JobId id) {
        if (id.partition() >= settings.partitions()) {
            return Future.failedFuture(new Refusal.NoSuchJob());
        }
        return redis.send(Request.cmd(Command.GET).arg(keys.batch(id)))
                .compose(r -> r == null
                        ? Future.failedFuture(new Refusal.NoSuchJob())
                        : Future.succeededFuture(Batch.fromText(id, r.toString())));
    }

    /** The job as it is now with its output; asked for together, so that most take no longer than the job alone. Fails as {@link #find}. */
    public Future<Whole> whole(JobId id) {
        Future<Job> finding = find(id);
        if (finding.failed()) {
            return finding.mapEmpty();
        }
        Future<List<JobEvent>> first = written(id, EventId.START, LOG_PAGE);
        return finding.compose(job -> first.compose(events -> {
                    // Two connections: the log may have been read before the job, and then lacks what the job ended
                    // with.
                    boolean isAll = job.status() != JobStatus.QUEUED
                            && job.starts() <= 1
                            && events.size() < LOG_PAGE
                            && (!job.status().isTerminal() || events.stream().anyMatch(JobEvent::isEnd));
                    return isAll ? Future.succeededFuture(with(Output.none(), events)) : output(job);
                })
                .map(output -> new Whole(job, output)));
    }

    /**
     * A part of a file that an ended job hands back.
     *
     * @param from its first byte
     * @param count most bytes of it; fewer only at the file's end
     * @return fails with {@link Refusal.JobGone} when it is no longer kept
     */
    public Future<Buffer> file(JobId id, CollectedFile file, long from, int count) {
        if (from >= file.sizeBytes()) {
            return Future.succeededFuture(Buffer.buffer());
        }
        return redis.send(Request.cmd(Command.GETRANGE)
                        .arg(keys.file(id, file.path()))
                        .arg(from)
                        .arg(from + count - 1))
                .compose(r -> r.toBuffer().length() == 0
                        ? Future.failedFuture(new Refusal.JobGone())
                        : Future.succeededFuture(r.toBuffer()));
    }
}
