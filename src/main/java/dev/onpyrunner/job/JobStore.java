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
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Where jobs live: the only user of the queue's Lua scripts.
 *
 * <p>Every change of a job is one script, so it happens whole or not at all. Writes for a running job carry the claim's
 * token; when the job is not the caller's any more they fail with {@link NotHolderException} and change nothing. All
 * methods fail with {@link dev.onpyrunner.redis.RedisUnavailableException} when Redis does not answer.
 */
public final class JobStore {
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

    private static final int REAP_AT_ONCE = 100;
    private static final int LOG_PAGE = 256;
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final String WORKER_LOST =
            text(Result.failed(Result.Code.WORKER_LOST, "The machine that ran this job was lost. Run it again."));
    private static final String CANCELLED = text(Result.cancelled("Cancelled."));
    private static final String[] FIELDS = {
        "status",
        "result",
        "runtime",
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
        "expires_at"
    };

    private final RedisLink redis;
    private final QueueSettings settings;
    private final Keys keys;

    public JobStore(RedisLink redis, QueueSettings settings) {
        this.redis = redis;
        this.settings = settings;
        this.keys = new Keys(settings.prefix());
    }

    public QueueSettings settings() {
        return settings;
    }

    /** Whether Redis can be reached now. */
    public boolean isUp() {
        return redis.isUp();
    }

    /** The job that a request became. {@code replayed}: it was accepted before, under the same Idempotency-Key. */
    public record Accepted(JobId id, boolean replayed) {}

    /**
     * Stores a job and its place in the queue.
     *
     * @param acceptedBy bus address that is told of the job's end
     * @return fails with {@link Refusal.QueueFull}, {@link Refusal.TooManyJobs}, {@link Refusal.StoreFull} or {@link
     *     Refusal.KeyReused}; then nothing is stored
     */
    public Future<Accepted> accept(Owner owner, JobSpec spec, Optional<Idempotency> idempotency, String acceptedBy) {
        int k = owner.partition(settings.partitions());
        JobId id = JobId.random(k);
        String idem = idempotency.map(Idempotency::key).orElse("");
        List<String> names = List.of(
                keys.job(id),
                keys.log(id),
                keys.ready(k, spec.runtime()),
                keys.wake(k, spec.runtime()),
                keys.owner(k, owner),
                keys.ownerSum(k, owner),
                keys.idem(k, idem),
                keys.deadline(k),
                keys.stats(k));
        List<Object> args = List.of(
                keys.partition(k),
                id,
                owner.name(),
                spec.runtime(),
                spec.priority(),
                spec.toJson().toBuffer(),
                Codec.toJson(spec.limits()).encode(),
                spec.maxStarts(),
                spec.retentionS() * 1000,
                settings.timeoutMs(),
                spec.interactive() ? 1 : 0,
                acceptedBy,
                settings.maxQueued(),
                settings.maxLivePerOwner(),
                idem,
                idempotency.map(Idempotency::fingerprint).orElse(""));
        return ACCEPT.run(redis, names, args).recover(JobStore::storeFull).compose(reply -> switch (reply.get(0)
                .toString()) {
            case "OK" -> Future.succeededFuture(new Accepted(id, false));
            case "SAME" ->
                Future.succeededFuture(new Accepted(new JobId(reply.get(1).toString()), true));
            case "OTHER" -> Future.failedFuture(new Refusal.KeyReused());
            case "QUEUE_FULL" ->
                Future.failedFuture(new Refusal.QueueFull(reply.get(1).toLong()));
            case "OWNER_FULL" ->
                Future.failedFuture(new Refusal.TooManyJobs(reply.get(1).toLong()));
            default -> Future.failedFuture(new IllegalStateException("accept replied " + reply));
        });
    }

    /** Takes the first queued job of a partition that asks for one of the runtimes; empty when none waits. */
    public Future<Optional<Claim>> claim(int partition, List<String> runtimes, String node) {
        List<String> names = new ArrayList<>(List.of(keys.lease(partition), keys.stats(partition)));
        runtimes.forEach(r -> names.add(keys.ready(partition, r)));
        byte[] secret = new byte[16];
        RANDOM.nextBytes(secret);
        String token = HexFormat.of().formatHex(secret);
        List<Object> args = new ArrayList<>(List.of(keys.partition(partition), node, token, settings.leaseMs()));
        args.addAll(runtimes);
        return CLAIM.run(redis, names, args).map(r -> r == null ? Optional.empty() : Optional.of(readClaim(r, token)));
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
                !r.get(5).toString().isEmpty());
    }

    /** Appends events to a running job's log. Sending the same events twice stores them once. */
    public Future<Void> emit(Claim claim, List<JobEvent> events) {
        List<Object> args = holderArgs(claim);
        args.add(claim.fence());
        addEvents(args, events);
        return EMIT.run(redis, List.of(keys.job(claim.id()), keys.log(claim.id())), args)
                .compose(r -> r.toInteger() == 1
                        ? Future.succeededFuture()
                        : Future.failedFuture(new NotHolderException(claim.id())));
    }

    /** Renews a running job's lease; true when a cancel has been asked for. */
    public Future<Boolean> beat(Claim claim) {
        List<Object> args = holderArgs(claim);
        args.add(settings.leaseMs());
        return BEAT.run(
                        redis,
                        List.of(keys.job(claim.id()), keys.lease(claim.id().partition())),
                        args)
                .compose(r -> r.toInteger() < 0
                        ? Future.failedFuture(new NotHolderException(claim.id()))
                        : Future.succeededFuture(r.toInteger() == 1));
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
                .recover(JobStore::storeFull)
                .compose(r -> r.toInteger() == 1
                        ? Future.succeededFuture()
                        : Future.failedFuture(new NotHolderException(id)));
    }

    /** Redis' own words for its being full are ours. */
    private static <T> Future<T> storeFull(Throwable e) {
        return Future.failedFuture(e instanceof ErrorType error && error.is("OOM") ? new Refusal.StoreFull() : e);
    }

    /**
     * Ends a running job.
     *
     * @param tail events not sent before; the end event takes the number {@code endN}, which is after theirs
     * @return the end event's place
     */
    public Future<EventId> finish(Claim claim, List<JobEvent> tail, long endN, JobStatus status, Result result) {
        List<Object> args = holderArgs(claim);
        args.add(claim.fence());
        args.add(status);
        args.add(Codec.toJson(result).encode());
        args.add(endN);
        addEvents(args, tail);
        List<String> names = List.of(
                keys.job(claim.id()),
                keys.log(claim.id()),
                keys.lease(claim.id().partition()));
        return FINISH.run(redis, names, args)
                .compose(r -> r.get(0).toInteger() == 1
                        ? Future.succeededFuture(
                                EventId.parse(r.get(1).toString()).orElseThrow())
                        : Future.failedFuture(new NotHolderException(claim.id())));
    }

    /**
     * Gives a running job back, for another runner to start it, without counting this start. Its program must have
     * been killed before.
     */
    public Future<Void> release(Claim claim) {
        List<Object> args = holderArgs(claim);
        args.add(CANCELLED);
        args.add(WORKER_LOST);
        JobId id = claim.id();
        return RELEASE.run(
                        redis, List.of(keys.job(id), keys.lease(id.partition()), keys.deadline(id.partition())), args)
                .compose(r -> r.toInteger() == 0
                        ? Future.failedFuture(new NotHolderException(id))
                        : Future.succeededFuture());
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

    /** What a cancel met. */
    public enum Cancelled {
        /** The job waited; it is CANCELLED now. */
        AT_ONCE,
        /** The job runs; its runner has to stop it. */
        ASKED,
        /** The job had ended; nothing changed. */
        TOO_LATE
    }

    /** Cancels a job. Fails with {@link Refusal.NoSuchJob} or {@link Refusal.JobGone}. */
    public Future<Cancelled> cancel(JobId id) {
        String result =
                Codec.toJson(Result.cancelled("Cancelled before it was run.")).encode();
        return runtimeOf(id)
                .compose(runtime -> CANCEL.run(
                        redis,
                        List.of(keys.job(id), keys.ready(id.partition(), runtime), keys.stats(id.partition())),
                        List.of(keys.partition(id), id, result)))
                .compose(r -> switch (r.get(0).toString()) {
                    case "CANCELLED" -> Future.succeededFuture(Cancelled.AT_ONCE);
                    case "RUNNING" -> Future.succeededFuture(Cancelled.ASKED);
                    case "ENDED" -> Future.succeededFuture(Cancelled.TOO_LATE);
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

    private Future<String> runtimeOf(JobId id) {
        return redis.send(Request.cmd(Command.HGET).arg(keys.job(id)).arg("runtime"))
                .compose(r -> r == null ? absent(id) : Future.succeededFuture(r.toString()));
    }

    /** A job that {@link #reap} moved. {@code what}: REQUEUED, LOST, TIMEOUT or CANCELLED. */
    public record Reaped(JobId id, String what) {}

    /**
     * Moves on the jobs of a partition whose lease has ended, and those that have waited too long.
     *
     * <p>While this link to Redis is younger than one lease no lease is reaped, so that the living can renew theirs
     * after Redis was away.
     */
    public Future<List<Reaped>> reap(int partition) {
        boolean leases = redis.upMs() > settings.leaseMs();
        List<Object> args = List.of(
                keys.partition(partition),
                REAP_AT_ONCE,
                leases ? 1 : 0,
                WORKER_LOST,
                text(Result.failed(
                        Result.Code.QUEUE_TIMEOUT,
                        "No worker took this job within " + settings.timeoutMs() / 1000 + " s. Run it again.")),
                CANCELLED);
        return REAP.run(redis, List.of(keys.lease(partition), keys.deadline(partition), keys.stats(partition)), args)
                .map(r -> {
                    List<Reaped> moved = new ArrayList<>();
                    for (int i = 0; i + 1 < r.size(); i += 2) {
                        moved.add(new Reaped(
                                new JobId(r.get(i).toString()), r.get(i + 1).toString()));
                    }
                    return moved;
                });
    }

    private static String text(Result result) {
        return Codec.toJson(result).encode();
    }

    /** Waits in Redis until a job may be ready for one of the runtimes; true when it may. Needs a link of its own. */
    public Future<Boolean> awaitWake(RedisLink blocking, int partition, List<String> runtimes, long seconds) {
        Request request = Request.cmd(Command.BLPOP);
        runtimes.forEach(r -> request.arg(keys.wake(partition, r)));
        return blocking.send(request.arg(seconds)).map(r -> r != null);
    }

    /** Hands a wake token on: it reached a runner that has no free slot. */
    public Future<Void> passWake(int partition, String runtime) {
        return redis.send(Request.cmd(Command.LPUSH)
                        .arg(keys.wake(partition, runtime))
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
            return JobStatus.valueOf(r.get(0).toString()) == JobStatus.QUEUED
                    ? position(id, r.get(2).toString()).map(place -> readJob(id, r, place))
                    : Future.succeededFuture(readJob(id, r, 0));
        });
    }

    private Future<Long> position(JobId id, String runtime) {
        return redis.send(Request.cmd(Command.ZRANK)
                        .arg(keys.ready(id.partition(), runtime))
                        .arg(id.text()))
                .map(rank -> rank == null ? 1 : rank.toLong() + 1);
    }

    private static Job readJob(JobId id, Response r, long position) {
        return new Job(
                id,
                JobStatus.valueOf(r.get(0).toString()),
                r.get(1) == null ? null : Codec.fromText(r.get(1).toString(), Result.class),
                r.get(2).toString(),
                Codec.fromText(r.get(3).toString(), Limits.class),
                (int) number(r.get(4)),
                number(r.get(5)),
                number(r.get(6)),
                number(r.get(7)),
                number(r.get(8)),
                r.get(9) != null,
                position,
                number(r.get(10)),
                number(r.get(11)),
                number(r.get(12)),
                number(r.get(13)));
    }

    private static long number(Response r) {
        return r == null ? 0 : r.toLong();
    }

    private <T> Future<T> absent(JobId id) {
        return redis.send(Request.cmd(Command.EXISTS).arg(keys.gone(id)))
                .compose(
                        r -> Future.failedFuture(r.toInteger() == 1 ? new Refusal.JobGone() : new Refusal.NoSuchJob()));
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
        Output output = new Output(Buffer.buffer(), Buffer.buffer());
        if (job.status() == JobStatus.QUEUED) {
            return Future.succeededFuture(output);
        }
        return collect(job.id(), new EventId(Math.max(0, job.fence() - 1), Long.MAX_VALUE), output);
    }

    private Future<Output> collect(JobId id, EventId after, Output output) {
        return log(id, after, LOG_PAGE).compose(events -> {
            for (JobEvent e : events) {
                if (e.kind().equals(JobEvent.OUT)) {
                    output.stdout().appendBuffer(e.data());
                } else if (e.kind().equals(JobEvent.ERR)) {
                    output.stderr().appendBuffer(e.data());
                }
            }
            return events.size() < LOG_PAGE
                    ? Future.succeededFuture(output)
                    : collect(id, events.get(events.size() - 1).id(), output);
        });
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
