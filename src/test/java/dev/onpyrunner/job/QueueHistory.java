package dev.onpyrunner.job;

import static dev.onpyrunner.job.TestStore.ANN;
import static dev.onpyrunner.job.TestStore.BOB;
import static dev.onpyrunner.job.TestStore.RESULT;

import dev.onpyrunner.Await;
import dev.onpyrunner.job.TestStore.Setup;
import dev.onpyrunner.redis.RedisLink;
import dev.onpyrunner.redis.TestRedis;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.redis.client.Command;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * One history: steps on a real Redis and on a {@link QueueModel}. After each step the reply, every key, and every job
 * as clients see it must be what the model says.
 *
 * <p>Scripts take the time of Redis. The model does not know it, but it lies between two looks at Redis' clock, so the
 * model tries each millisecond between them. A step names what it deals with by numbers that are taken modulo what is
 * there, so that it means something, or nothing, in any history.
 */
final class QueueHistory {
    private static final JobMeters METERS = new JobMeters();
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final long LEASE_MS = 3_600_000;
    /** A reap takes no leases when it reaches Redis later than this. */
    private static final long REAP_LATE_MS = 1_000;

    private static final List<Owner> OWNERS = List.of(ANN, BOB, new Owner("ip:10.0.0.3"));
    private static final List<List<String>> RUNTIMES =
            List.of(List.of("r1"), List.of("r1", "r2"), List.of("r2", "r1"), List.of("r2"));
    private static final List<Buffer> OUTPUTS =
            List.of(Buffer.buffer("a"), Buffer.buffer("é\n"), Buffer.buffer(new byte[] {(byte) 0xff, 0, (byte) 0x80}));

    /** What happens. */
    enum Kind {
        ACCEPT,
        CLAIM,
        EMIT,
        FILE,
        BEAT,
        FINISH,
        CANCEL,
        RELEASE,
        REAP,
        PURGE,
        /** A worker forgets what it has claimed. (One that is paused only does nothing for a while.) */
        CRASH,
        LEASE_ENDS,
        DEADLINE_ENDS,
        RETENTION_ENDS,
        /** A job's entry in its queue, or among the leases, is lost. */
        LOSE,
        /** Redis gets too full. */
        FULL
    }

    /**
     * A step.
     *
     * @param who the owner or the worker
     * @param which the claim, the job or the Idempotency-Key
     * @param how all the rest
     */
    record Step(Kind kind, int who, int which, int how) {}

    /** A claim as its worker remembers it, with the last number that it wrote and what it sent last. */
    private static final class Held {
        final Claim claim;
        long n = 1;
        List<JobEvent> last = List.of();

        Held(Claim claim) {
            this.claim = claim;
        }
    }

    @FunctionalInterface
    private interface Rule {
        String on(QueueModel model, long now);
    }

    /** What was done: in words, what came back, and what the model does likewise. */
    private record Done(String told, String reply, Rule rule) {}

    private static final class Node {
        final JobStore jobs;
        boolean hasReaped;

        Node(JobStore jobs) {
            this.jobs = jobs;
        }
    }

    private final RedisLink link;
    private final QueueSettings settings;
    private final String prefix;
    private final JobStore jobs;
    private final List<Node> reapers;
    private final List<List<Held>> workers = List.of(new ArrayList<>(), new ArrayList<>());
    private final List<JobId> ids = new ArrayList<>();
    private final Map<JobId, Object> seen = new HashMap<>();
    private final StringBuilder story = new StringBuilder();
    /** What the next accept is offered. */
    private Optional<FreeSlots.Slot> offered = Optional.empty();

    private QueueModel model;
    private QueueImage image;

    private QueueHistory(RedisLink link, Setup setup) {
        this.link = link;
        String name = "h" + COUNT.incrementAndGet();
        settings = setup.withLease(LEASE_MS).settings(name);
        prefix = new Keys(name).partition(0);
        jobs = new JobStore(link, settings, METERS, queue -> offered);
        // No lease ends by itself, and yet the reapers' link is older than one.
        QueueSettings impatient = setup.withLease(1).settings(name);
        reapers = List.of(
                new Node(new JobStore(link, impatient, METERS)), new Node(new JobStore(link, impatient, METERS)));
        model = new QueueModel(settings);
    }

    /**
     * What a history came to.
     *
     * @param wrong what was not as it must be, with all that was done before; empty when all was right
     * @param shape of the last state: all that decides what may come next, but not how it came about
     * @param jobs how many were accepted
     * @param claims how many each worker remembers
     */
    record Outcome(String wrong, String shape, int jobs, List<Integer> claims) {
        boolean isRight() {
            return wrong.isEmpty();
        }
    }

    /** Plays a history to its end, or until something is wrong. */
    static Outcome play(RedisLink link, Setup setup, List<Step> steps) {
        QueueHistory history = new QueueHistory(link, setup);
        try {
            String wrong = history.take(steps);
            return history.outcome(wrong.isEmpty() ? String.join("\n", history.look()) : wrong);
        } finally {
            history.forget();
        }
    }

    /**
     * Plays a history, and after it each of some steps. One that leaves the shape of things as it was is followed by
     * the next at once; else the history is played again.
     */
    static List<Outcome> playEach(RedisLink link, Setup setup, List<Step> steps, List<Step> each) {
        List<Outcome> outcomes = new ArrayList<>();
        while (outcomes.size() < each.size()) {
            QueueHistory history = new QueueHistory(link, setup);
            try {
                String wrong = history.take(steps);
                String shape = history.shape();
                do {
                    wrong = wrong.isEmpty() ? history.take(each.subList(outcomes.size(), outcomes.size() + 1)) : wrong;
                    outcomes.add(history.outcome(wrong));
                } while (outcomes.size() < each.size()
                        && wrong.isEmpty()
                        && history.shape().equals(shape));
                if (!wrong.isEmpty()) {
                    return outcomes;
                }
            } finally {
                history.forget();
            }
        }
        return outcomes;
    }

    private Outcome outcome(String wrong) {
        List<Integer> claims = workers.stream().map(List::size).toList();
        return new Outcome(wrong.isEmpty() ? "" : story + wrong, shape(), ids.size(), claims);
    }

    private void forget() {
        send(
                Command.EVAL,
                "for _, k in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do redis.call('DEL', k) end",
                0,
                prefix);
    }

    private String take(List<Step> steps) {
        if (image == null) {
            image = Await.get(QueueImage.read(link, prefix, QueueImage.empty()));
        }
        for (Step step : steps) {
            List<String> wrong = take(step);
            if (!wrong.isEmpty()) {
                return "  " + String.join("\n  ", wrong);
            }
        }
        return "";
    }

    private String shape() {
        StringBuilder shape = new StringBuilder();
        for (JobId id : ids) {
            QueueModel.Row r = model.jobs.get(id);
            shape.append(
                    r == null
                            ? "none "
                            : "%s %d %b %b %b %b; "
                                    .formatted(
                                            r.status,
                                            r.starts,
                                            r.cancelAt > 0,
                                            r.leaseEnd == 1,
                                            r.deadline == 1,
                                            r.n > 1));
        }
        // Workers are alike, and one claim that is over is like another.
        workers.stream()
                .map(claims -> claims.stream()
                        .map(this::shape)
                        .collect(Collectors.toCollection(TreeSet::new))
                        .toString())
                .sorted()
                .forEach(shape::append);
        return shape.toString();
    }

    private String shape(Held held) {
        QueueModel.Row r = model.jobs.get(held.claim.id());
        boolean holds = r != null && r.holds(held.claim.token());
        boolean ended = r != null && held.claim.token().equals(r.endedBy);
        return ids.indexOf(held.claim.id()) + (holds ? "holds" : ended ? "ended" : "held");
    }

    private String key(String name) {
        return prefix + name;
    }

    private void send(Command command, Object... args) {
        TestRedis.send(link, command, args);
    }

    private List<String> take(Step step) {
        Done done = doIt(step);
        if (done == null) {
            return List.of();
        }
        story.append(done.told()).append(" -> ").append(done.reply()).append('\n');
        QueueImage after = Await.get(QueueImage.read(link, prefix, image));
        for (long now = image.time; now <= after.time; now++) {
            QueueModel next = model.copy();
            if (done.rule().on(next, now).equals(done.reply()) && after.isAs(QueueImage.of(next))) {
                List<String> broken = QueueRules.broken(image, after, done.reply());
                model = next;
                image = after;
                broken.addAll(lookAtChanged());
                return broken;
            }
        }
        return LongStream.rangeClosed(image.time, after.time)
                .mapToObj(now -> differences(done, after, now))
                .min(Comparator.comparingInt(List::size))
                .orElse(List.of("Redis' clock went back"));
    }

    private List<String> differences(Done done, QueueImage after, long now) {
        QueueModel next = model.copy();
        List<String> wrong = new ArrayList<>();
        same(wrong, "the answer", done.reply(), done.rule().on(next, now));
        wrong.addAll(after.differences(QueueImage.of(next)));
        return wrong;
    }

    private List<String> lookAtChanged() {
        Map<JobId, Object> musts = new HashMap<>();
        Map<JobId, Future<Object>> finds = new HashMap<>();
        for (JobId id : ids) {
            Object must = model.find(id);
            if (!must.equals(seen.put(id, must))) {
                musts.put(id, must);
                finds.put(id, find(id));
            }
        }
        List<String> wrong = new ArrayList<>();
        finds.forEach((id, find) -> same(wrong, "job", Await.get(find), musts.get(id)));
        return wrong;
    }

    private Future<Object> find(JobId id) {
        return jobs.find(id).<Object>map(j -> j).otherwise(Throwable::toString);
    }

    private static void same(List<String> wrong, String what, Object is, Object must) {
        if (!is.equals(must)) {
            wrong.add(what + " is " + is + "\n  must be " + must);
        }
    }

    /** What clients read of each job at last. */
    private List<String> look() {
        List<String> wrong = new ArrayList<>();
        for (JobId id : ids) {
            QueueModel.Row row = model.jobs.get(id);
            List<QueueModel.Event> log = row == null ? List.of() : row.log;
            List<QueueModel.Event> events = Await.get(jobs.log(id, EventId.START, 10_000)).stream()
                    .map(e ->
                            new QueueModel.Event(e.id().fence(), e.id().n(), e.kind(), e.t(), QueueModel.raw(e.data())))
                    .toList();
            same(wrong, "log of " + id, events.toString(), log.toString());
            if (row != null) {
                Output output = Await.get(jobs.find(id).compose(jobs::output));
                same(wrong, "stdout of " + id, QueueModel.raw(output.stdout()), written(row, JobEvent.OUT));
                same(wrong, "stderr of " + id, QueueModel.raw(output.stderr()), written(row, JobEvent.ERR));
            }
        }
        JobId never = JobId.random(0);
        same(wrong, "a job that never was", Await.get(find(never)), model.find(never));
        return wrong;
    }

    private static String written(QueueModel.Row row, String kind) {
        StringBuilder text = new StringBuilder();
        for (QueueModel.Event e : row.log) {
            if (row.status != JobStatus.QUEUED
                    && e.fence() == row.fence
                    && e.kind().equals(kind)) {
                text.append(e.data());
            } else if (e.kind().equals(JobEvent.REQUEUED)) {
                text.setLength(0); // that start does not count any more
            }
        }
        return text.toString();
    }

    private static Future<String> answer(Future<?> reply) {
        return reply.map(String::valueOf).otherwise(Throwable::toString);
    }

    private static String ok(Future<Void> reply) {
        return Await.get(answer(reply.map("ok")));
    }

    private Done doIt(Step s) {
        return switch (s.kind()) {
            case ACCEPT -> accept(s);
            case CLAIM -> claim(s);
            case REAP -> reap(s);
            case EMIT, FILE, BEAT, FINISH, RELEASE -> asHolder(s);
            case CANCEL, PURGE -> onJob(s);
            case CRASH -> {
                workers.get(s.who() % workers.size()).clear();
                yield null;
            }
            case LEASE_ENDS, DEADLINE_ENDS, RETENTION_ENDS, LOSE -> fate(s);
            case FULL -> {
                send(Command.HSET, key("stats"), "full", "1");
                yield new Done("Redis gets too full", "", (m, now) -> {
                    m.full = true;
                    return "";
                });
            }
        };
    }

    private Done accept(Step s) {
        Owner owner = OWNERS.get(s.who() % OWNERS.size());
        int how = s.how();
        int priority = how / 2 % 4 == 0 ? 0 : 1;
        JobSpec spec = TestStore.spec(
                how / 8 % 2 == 0 ? "1" : "'é'",
                "r" + (1 + how % 2),
                priority,
                how / 16 % 2 == 0 ? 1_000 : 2_000,
                1 + how / 32 % 3);
        int key = s.which() % 4;
        Optional<Idempotency> idempotency =
                key < 2 ? Optional.empty() : Optional.of(Idempotency.of(owner, "key" + key, spec));
        Share usual = settings.share();
        Share share =
                new Share(usual.live(), s.which() / 4 % 3 == 0 ? 2 : usual.live(), usual.stepMs(), usual.atOnce());
        int worker = s.how() / 96 % workers.size();
        AtomicReference<Claim> started = new AtomicReference<>();
        offered = s.how() / 192 % 2 == 0 ? Optional.empty() : Optional.of(slot(worker, started));
        Future<String> accepted = answer(jobs.accept(owner, share, spec, idempotency, "here", Optional.empty())
                .map(a -> {
                    if (a.replayed()) {
                        return "same " + a.id();
                    }
                    ids.add(a.id());
                    return "queued " + a.job().createdAt() + " at "
                            + a.job().place().position();
                }));
        String reply = Await.get(accepted);
        boolean isOffered = offered.isPresent();
        offered = Optional.empty();
        if (started.get() != null) {
            workers.get(worker).add(new Held(started.get()));
            reply += " and started: " + started.get();
        }
        String token = started.get() == null ? "none" : started.get().token();
        Optional<QueueModel.Slot> slot =
                isOffered ? Optional.of(new QueueModel.Slot("worker " + worker, token)) : Optional.empty();
        String said = reply;
        JobId id = reply.startsWith("queued") ? ids.get(ids.size() - 1) : JobId.random(0);
        String told = "%s posts job %d %s: runtime %s, priority %d, max_starts %d%s%s"
                .formatted(
                        owner.name(),
                        ids.size() - 1,
                        id,
                        spec.runtime(),
                        priority,
                        spec.maxStarts(),
                        key < 2 ? "" : ", Idempotency-Key " + key,
                        isOffered ? ", a slot is free" : "");
        return new Done(told, said, (m, now) -> m.accept(id, owner, spec, idempotency, slot, share.queued(), now));
    }

    private static FreeSlots.Slot slot(int worker, AtomicReference<Claim> started) {
        return new FreeSlots.Slot() {
            @Override
            public String node() {
                return "worker " + worker;
            }

            @Override
            public void run(Claim claim) {
                started.set(claim);
            }

            @Override
            public void giveBack() {}
        };
    }

    private Done claim(Step s) {
        int worker = s.who() % workers.size();
        List<String> runtimes = RUNTIMES.get(s.how() % RUNTIMES.size());
        // Now and then Redis' clock has gone back since the job was started last.
        boolean back = s.how() / 4 % 16 == 15 && !Boolean.TRUE.equals(model.full);
        Optional<QueueModel.Row> ahead = back ? model.next(runtimes) : Optional.empty();
        long fence = Math.max(image.time, ahead.map(r -> r.fence).orElse(0L)) + LEASE_MS;
        ahead.ifPresent(r -> {
            if (r.log.size() == 1) {
                send(Command.XADD, key("job:" + r.id + ":log"), "0-1", "k", "state", "t", 0, "d", "QUEUED");
            }
            send(Command.HSET, key("job:" + r.id), "fence", fence);
            send(Command.XADD, key("job:" + r.id + ":log"), fence + "-1", "k", "requeued", "t", 0, "d", "QUEUED");
        });
        Future<Optional<Claim>> claim = jobs.claim(0, runtimes, "worker " + worker);
        String reply = Await.get(answer(claim.map(c -> c.map(Claim::toString).orElse("none"))));
        Optional<Claim> claimed = claim.succeeded() ? claim.result() : Optional.empty();
        claimed.ifPresent(c -> workers.get(worker).add(new Held(c)));
        String token = claimed.map(Claim::token).orElse("none");
        String told = "worker " + worker + " claims from " + runtimes
                + (ahead.isPresent() ? ", after the clock has gone back" : "");
        return new Done(told, reply, (m, now) -> {
            ahead.ifPresent(r -> m.startedAhead(r.id, fence));
            return m.claim(token, "worker " + worker, runtimes, now);
        });
    }

    private Done asHolder(Step s) {
        List<Held> claims = workers.get(s.who() % workers.size());
        if (claims.isEmpty()) {
            return null;
        }
        // Mostly the last one, which it may still hold.
        int index = s.which() % 8 < 5 ? claims.size() - 1 : s.which() / 8 % claims.size();
        Held held = claims.get(index);
        Claim claim = held.claim;
        String told = "worker " + s.who() % workers.size() + ", job " + ids.indexOf(claim.id()) + " start "
                + claim.starts() + ": ";
        return switch (s.kind()) {
            case EMIT -> {
                List<JobEvent> events = events(held, s.how());
                yield new Done(
                        told + "emits " + events, ok(jobs.emit(claim, events)), (m, now) -> m.emit(claim, events));
            }
            case FILE -> {
                String path = s.how() % 2 == 0 ? "a" : "b/é";
                String content = "x".repeat(1 + s.how() / 2 % 50);
                yield new Done(
                        told + "stores " + content.length() + " bytes as " + path,
                        ok(jobs.storeFile(claim, path, Buffer.buffer(content))),
                        (m, now) -> m.storeFile(claim, QueueModel.raw(Buffer.buffer(path)), content, now));
            }
            case BEAT -> new Done(told + "beats", Await.get(answer(jobs.beat(claim))), (m, now) -> m.beat(claim, now));
            case RELEASE ->
                new Done(
                        told + "gives it back",
                        Await.get(answer(jobs.release(claim))),
                        (m, now) -> m.release(claim, now));
            default -> finish(s, held, told);
        };
    }

    /** Output: new, sent again, both, of old numbers, or after a gap. */
    private static List<JobEvent> events(Held held, int how) {
        int kind = how % 8;
        long first = kind == 5 ? 1 + how / 8 % held.n : kind == 6 ? held.n + 3 : held.n + 1;
        List<JobEvent> events = new ArrayList<>(kind == 3 || kind == 4 ? held.last : List.of());
        if (kind != 3) {
            for (int i = 0; i <= how / 64 % 2; i++) {
                String stream = how / 128 % 2 == i ? JobEvent.OUT : JobEvent.ERR;
                EventId id = new EventId(held.claim.fence(), first + i);
                events.add(new JobEvent(id, stream, 5, OUTPUTS.get((how / 256 + i) % OUTPUTS.size())));
            }
        }
        if (!events.isEmpty()) {
            held.n = Math.max(held.n, events.get(events.size() - 1).id().n());
            held.last = events;
        }
        return events;
    }

    private Done finish(Step s, Held held, String told) {
        Claim claim = held.claim;
        List<JobEvent> tail = s.how() % 3 == 0 ? List.of() : events(held, s.how() / 3);
        boolean failed = s.which() % 7 == 6;
        JobStatus status = failed ? JobStatus.ERROR : JobStatus.DONE;
        Result result = failed ? Result.failed(Result.Code.INTERNAL, "It broke.") : RESULT;
        held.n++;
        long n = held.n;
        String words = told + "ends it as " + status + " with event " + n + " after " + tail;
        Future<String> first =
                answer(jobs.finish(claim, tail, n, status, result).map(JobStore.Ended::event));
        if (s.how() % 5 > 0) {
            return new Done(words, Await.get(first), (m, now) -> m.finish(claim, tail, n, status, result, now));
        }
        Future<String> again =
                answer(jobs.finish(claim, tail, n, status, result).map(JobStore.Ended::event));
        return new Done(words + ", twice", Await.get(first) + "; " + Await.get(again), (m, now) -> {
            String reply = m.finish(claim, tail, n, status, result, now);
            return reply + "; " + m.finish(claim, tail, n, status, result, now);
        });
    }

    private Done reap(Step s) {
        Node node = reapers.get(s.who() % reapers.size());
        boolean known = node.hasReaped;
        node.hasReaped = true;
        long began = System.nanoTime();
        Future<String> first = answer(node.jobs.reap(0, Optional.empty()));
        Future<String> second = known && s.how() % 4 == 0 ? answer(node.jobs.reap(0, Optional.empty())) : null;
        String reply = Await.get(first);
        boolean late = (System.nanoTime() - began) / 1_000_000 >= REAP_LATE_MS;
        String told = "node " + s.who() % reapers.size() + " reaps";
        Rule rule = (m, now) -> m.reap(known && !(late && reply.equals("[]")), now);
        return second == null
                ? new Done(told, reply, rule)
                : new Done(
                        told + ", twice at once",
                        reply + Await.get(second),
                        (m, now) -> rule.on(m, now) + m.reap(true, now));
    }

    private Done onJob(Step s) {
        if (ids.isEmpty()) {
            return null;
        }
        int index = s.which() % ids.size();
        JobId id = ids.get(index);
        return s.kind() == Kind.CANCEL
                ? new Done(
                        "job " + index + " is cancelled",
                        Await.get(answer(jobs.cancel(id))),
                        (m, now) -> m.cancel(id, now))
                : new Done("job " + index + " is purged", Await.get(answer(jobs.purge(id))), (m, now) -> m.purge(id));
    }

    /** What happens to a job without anybody's doing. */
    private Done fate(Step s) {
        boolean ended = s.kind() == Kind.RETENTION_ENDS;
        boolean waits = s.kind() == Kind.DEADLINE_ENDS || (s.kind() == Kind.LOSE && s.how() % 2 == 0);
        List<QueueModel.Row> rows = model.jobs.values().stream()
                .filter(r -> ended ? r.status.isTerminal() : r.status == (waits ? JobStatus.QUEUED : JobStatus.RUNNING))
                .toList();
        if (rows.isEmpty()) {
            return null;
        }
        QueueModel.Row row = rows.get(s.which() % rows.size());
        JobId id = row.id;
        String job = "job " + ids.indexOf(id);
        return switch (s.kind()) {
            case LEASE_ENDS -> {
                send(Command.ZADD, key("lease"), "XX", 1, id);
                yield new Done("the lease of " + job + " ends", "", (m, now) -> {
                    m.leaseEnds(id);
                    return "";
                });
            }
            case DEADLINE_ENDS -> {
                send(Command.ZADD, key("deadline"), "XX", 1, id);
                yield new Done(job + " has waited for too long", "", (m, now) -> {
                    m.deadlineEnds(id);
                    return "";
                });
            }
            case RETENTION_ENDS -> {
                expire(row);
                yield new Done(job + " is kept no longer", "", (m, now) -> {
                    m.retentionEnds(id);
                    return "";
                });
            }
            default -> {
                send(Command.ZREM, key(waits ? "ready:" + row.spec.queue() : "lease"), id);
                yield new Done(
                        (waits ? "the place of " : "the lease of ") + job + " is lost, and somebody looks at the job",
                        Await.get(answer(jobs.find(id).map(""))),
                        (m, now) -> {
                            m.mended(id, now);
                            return "";
                        });
            }
        };
    }

    /** Redis drops what has an expiry, and only that. */
    private void expire(QueueModel.Row row) {
        List<Object> args = new ArrayList<>(
                List.of("""
                for _, pattern in ipairs({ARGV[1] .. 'job:' .. ARGV[2] .. '*', ARGV[1] .. 'idem:' .. ARGV[4]}) do
                  for _, key in ipairs(redis.call('KEYS', pattern)) do
                    if redis.call('PTTL', key) > 0 then redis.call('DEL', key) end
                  end
                end
                redis.call('ZADD', ARGV[1] .. 'owner-kept:' .. ARGV[3], 'XX', 1, ARGV[2] .. '|' .. ARGV[5])
                """, 0, prefix, row.id, row.owner.name(), row.idem == null ? "none" : row.idem, row.keptBytes));
        send(Command.EVAL, args.toArray());
    }
}
