package dev.onpyrunner.job;

import dev.onpyrunner.job.JobStore.Cancel;
import dev.onpyrunner.job.JobStore.Reaped;
import io.vertx.core.buffer.Buffer;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The queue's rules in memory, as simple as they can be said: what each command answers, and what is so afterwards.
 *
 * <p>A job waits, runs or has ended; which sets it stands in follows from that and is not kept. The model has no clock
 * and makes no names: time, ids and claim tokens are the caller's. Text is Latin-1, one character for each byte.
 */
final class QueueModel {
    static final long TOMBSTONE_MS = 86_400_000;
    private static final long HOUR_MS = 3_600_000;
    private static final long DAY_MS = 86_400_000;
    private static final long OVERHEAD = 2_000;
    private static final int MOST_TOKENS = 64;
    private static final String OK = "ok";
    private static final Result WORKER_LOST =
            Result.failed(Result.Code.WORKER_LOST, "The machine that ran this job was lost. Run it again.");
    private static final Result CANCELLED = Result.cancelled("Cancelled.");
    private static final Result NEVER_RUN = Result.cancelled("Cancelled before it was run.");

    record Event(long fence, long n, String kind, long t, String data) {}

    record StoredFile(String content, long expiresAt) {}

    record Kept(long bytes, long expiresAt) {}

    record Key(JobId id, String fingerprint) {}

    record End(JobId id, String what) {}

    /** A job. */
    static final class Row {
        final JobId id;
        final Owner owner;
        final JobSpec spec;
        final String request;
        final String limits;
        final String idem;
        final long tag;
        final long createdAt;
        final List<Event> log;
        final Map<String, StoredFile> files;
        JobStatus status = JobStatus.QUEUED;
        long fence;
        int starts;
        String token;
        String node;
        long n;
        long out;
        long err;
        long fileBytes;
        long cancelAt;
        long deadline;
        long leaseEnd;
        long startedAt;
        long finishedAt;
        Result result;
        String resultText;
        long keptBytes;
        String endedBy;
        String endEvent;
        /** How it is spelt in keys, once somebody has asked. */
        QueueImage image;

        Row(JobId id, Owner owner, JobSpec spec, String idem, long tag, long createdAt) {
            this.id = id;
            this.owner = owner;
            this.spec = spec;
            this.request = raw(spec.toJson().toBuffer());
            this.limits = Codec.toJson(spec.limits()).encode();
            this.idem = idem;
            this.tag = tag;
            this.createdAt = createdAt;
            this.log = new ArrayList<>();
            this.files = new TreeMap<>();
        }

        Row(Row other) {
            id = other.id;
            owner = other.owner;
            spec = other.spec;
            request = other.request;
            limits = other.limits;
            idem = other.idem;
            tag = other.tag;
            createdAt = other.createdAt;
            log = new ArrayList<>(other.log);
            files = new TreeMap<>(other.files);
            status = other.status;
            fence = other.fence;
            starts = other.starts;
            token = other.token;
            node = other.node;
            n = other.n;
            out = other.out;
            err = other.err;
            fileBytes = other.fileBytes;
            cancelAt = other.cancelAt;
            deadline = other.deadline;
            leaseEnd = other.leaseEnd;
            startedAt = other.startedAt;
            finishedAt = other.finishedAt;
            result = other.result;
            resultText = other.resultText;
            keptBytes = other.keptBytes;
            endedBy = other.endedBy;
            endEvent = other.endEvent;
        }

        long bytes() {
            return request.length() + OVERHEAD;
        }

        long score() {
            return tag + 1_000L * spec.priority();
        }

        long keepMs() {
            return spec.retentionS() * 1_000;
        }

        long expiresAt() {
            return finishedAt + keepMs();
        }

        boolean holds(String claimToken) {
            return status == JobStatus.RUNNING && token.equals(claimToken);
        }

        /** Adds an event with the next number of this start. */
        private Event append(String kind, long t, String data) {
            Event last = log.get(log.size() - 1);
            return append(last.fence() == fence ? last.n() + 1 : 1, kind, t, data);
        }

        private Event append(long number, String kind, long t, String data) {
            Event event = new Event(fence, number, kind, Math.max(0, t), data);
            log.add(event);
            return event;
        }
    }

    /** A client. */
    static final class Account {
        long tag;
        long bytes;
        long postsUntil;
        long until;
        final Map<JobId, Kept> kept = new LinkedHashMap<>();

        private Account copy() {
            Account copy = new Account();
            copy.tag = tag;
            copy.bytes = bytes;
            copy.postsUntil = postsUntil;
            copy.until = until;
            copy.kept.putAll(kept);
            return copy;
        }

        /** It is not forgotten before the given time; when that moves its expiry, it moves it by a day more. */
        private void keep(long time) {
            until = until < time ? time + DAY_MS : until;
        }

        private void forget(JobId id) {
            Kept entry = kept.remove(id);
            if (entry != null) {
                bytes -= entry.bytes();
            }
        }
    }

    final QueueSettings settings;
    final Map<JobId, Row> jobs = new LinkedHashMap<>();
    final Map<JobId, Long> gone = new HashMap<>();
    final Map<Owner, Account> accounts = new HashMap<>();
    final Map<String, Key> keys = new HashMap<>();
    final Map<String, Integer> wakes = new HashMap<>();
    final Map<String, Long> counters = new TreeMap<>();
    final List<End> ends = new ArrayList<>();
    final List<End> dead = new ArrayList<>();
    /** The tag of the job claimed last, 0 before the first: the queue's virtual time. */
    long tag;
    /** The mean time of a run; null before the first has ended. */
    String runMs;
    /** What the last reap saw; null before the first. */
    Boolean full;

    QueueModel(QueueSettings settings) {
        this.settings = settings;
    }

    QueueModel copy() {
        QueueModel copy = new QueueModel(settings);
        copy.jobs.putAll(jobs);
        copy.gone.putAll(gone);
        accounts.forEach((owner, account) -> copy.accounts.put(owner, account.copy()));
        copy.keys.putAll(keys);
        copy.wakes.putAll(wakes);
        copy.counters.putAll(counters);
        copy.ends.addAll(ends);
        copy.dead.addAll(dead);
        copy.tag = tag;
        copy.runMs = runMs;
        copy.full = full;
        return copy;
    }

    static String raw(Buffer bytes) {
        return bytes.toString(StandardCharsets.ISO_8859_1);
    }

    /** The jobs that wait in a queue, the first one first. */
    List<Row> ready(String queue) {
        return in(JobStatus.QUEUED)
                .filter(r -> r.spec.queue().equals(queue))
                .sorted(Comparator.comparingLong(Row::score).thenComparing(r -> r.id.text()))
                .toList();
    }

    Stream<Row> in(JobStatus status) {
        return jobs.values().stream().filter(r -> r.status == status);
    }

    Stream<Row> live(Owner owner) {
        return jobs.values().stream().filter(r -> r.owner.equals(owner) && !r.status.isTerminal());
    }

    long queuedBytes() {
        return in(JobStatus.QUEUED).mapToLong(Row::bytes).sum();
    }

    private void count(String what) {
        counters.merge(what, 1L, Long::sum);
    }

    /** A slot that is kept for the job, if any: whose, and the token of the claim that it may become. */
    record Slot(String node, String token) {}

    String accept(
            JobId id,
            Owner owner,
            JobSpec spec,
            Optional<Idempotency> idempotency,
            Optional<Slot> slot,
            long mostWaiting,
            long now) {
        long bytes = spec.toJson().toBuffer().length();
        long most = Math.min(settings.maxQueuedBytes(), settings.maxStoredBytesPerClient()) - OVERHEAD;
        if (bytes > most) {
            return new Refusal.TooLarge(bytes, most).toString();
        }
        Key seen = idempotency.map(i -> keys.get(i.key())).orElse(null);
        if (seen != null) {
            boolean same = seen.fingerprint().equals(idempotency.get().fingerprint());
            return same ? "same " + seen.id() : new Refusal.KeyReused().toString();
        }
        if (Boolean.TRUE.equals(full)) {
            return refused("STORE_FULL", new Refusal.StoreFull());
        }
        Account account = accounts.getOrDefault(owner, new Account());
        long depth = in(JobStatus.QUEUED).count();
        if (depth >= settings.maxQueued()) {
            return refused("QUEUE_FULL", Refusal.QueueFull.ofJobs(depth, 0));
        }
        Row row = new Row(id, owner, spec, idempotency.map(Idempotency::key).orElse(null), next(account), now);
        if (queuedBytes() + row.bytes() > settings.maxQueuedBytes()) {
            return refused("QUEUE_BYTES", Refusal.QueueFull.ofBytes(queuedBytes(), 0));
        }
        long live = live(owner).count();
        if (live >= settings.maxLivePerClient()) {
            return refused("OWNER_FULL", new Refusal.TooManyJobs(live, 0));
        }
        boolean starts = slot.isPresent() && ready(spec.queue()).isEmpty();
        long waiting = live(owner).filter(r -> r.status == JobStatus.QUEUED).count();
        if (waiting >= mostWaiting && !starts) {
            return refused("OWNER_QUEUE", new Refusal.TooManyQueued(waiting, 0));
        }
        List<JobId> expired = account.kept.keySet().stream()
                .filter(k -> account.kept.get(k).expiresAt() <= now)
                .toList();
        expired.forEach(account::forget);
        if (account.bytes + row.bytes() > settings.maxStoredBytesPerClient()) {
            return refused("OWNER_BYTES", new Refusal.TooManyBytes(account.bytes, 0));
        }
        accounts.put(owner, account);
        account.tag = row.tag;
        account.bytes += row.bytes();
        if (settings.postsPerSecondPerClient() > 0) {
            account.postsUntil = Math.max(now, account.postsUntil) + 1_000 / settings.postsPerSecondPerClient();
        }
        account.keep(now + DAY_MS + row.keepMs() + settings.timeoutMs());
        row.deadline = now + settings.timeoutMs();
        row.append(1, JobEvent.STATE, 0, "QUEUED");
        jobs.put(id, row);
        idempotency.ifPresent(i -> keys.put(i.key(), new Key(id, i.fingerprint())));
        count("accepted");
        if (starts) {
            Claim claim = start(row, slot.get().token(), slot.get().node(), false, now);
            return "queued " + now + " at 1 and started: " + claim;
        }
        wake(row);
        return "queued " + now + " at " + (1 + ready(spec.queue()).indexOf(row));
    }

    /** Start-time fair queueing: an owner's jobs follow one another, a new owner starts at the tag claimed last. */
    private long next(Account account) {
        return Math.max(tag, account.tag) + 1;
    }

    private String refused(String why, Refusal refusal) {
        count("refused:" + why);
        return refusal.toString();
    }

    private void wake(Row row) {
        wakes.merge(row.spec.queue(), 1, (a, b) -> Math.min(MOST_TOKENS, a + b));
    }

    /** The job to be claimed next by a runner with room for these queues. */
    Optional<Row> next(List<String> queues) {
        Row first = null;
        for (String queue : queues) {
            Row head = ready(queue).stream().findFirst().orElse(null);
            if (head != null && (first == null || head.score() < first.score())) {
                first = head;
            }
        }
        return Optional.ofNullable(first);
    }

    String claim(String token, String node, List<String> queues, long now) {
        Optional<Row> first = next(queues);
        if (first.isEmpty() || Boolean.TRUE.equals(full)) {
            return "none";
        }
        Row best = change(first.get());
        best.status = JobStatus.RUNNING;
        boolean more = next(queues).isPresent();
        return start(best, token, node, more, now).toString();
    }

    private Claim start(Row best, String token, String node, boolean more, long now) {
        best.status = JobStatus.RUNNING;
        best.fence = Math.max(best.fence + 1, now);
        best.starts++;
        best.token = token;
        best.node = node;
        best.n = 1;
        best.out = 0;
        best.err = 0;
        best.startedAt = now;
        best.leaseEnd = now + settings.leaseMs();
        best.append(1, JobEvent.STATE, 0, "RUNNING");
        tag = Math.max(tag, best.tag);
        count("claimed");
        Account account = accounts.getOrDefault(best.owner, new Account());
        long expired = account.kept.values().stream()
                .filter(k -> k.expiresAt() <= now)
                .mapToLong(k -> k.bytes())
                .sum();
        long stored = account.bytes - expired;
        long room = Math.max(64 << 10, settings.maxStoredBytesPerClient() - stored);
        return new Claim(
                best.id,
                best.fence,
                token,
                best.starts,
                now,
                best.spec,
                "here",
                best.createdAt,
                false,
                room,
                more,
                Optional.empty());
    }

    private static String fenced(Claim claim) {
        return new NotHolderException(claim.id()).toString();
    }

    private Row held(Claim claim) {
        Row row = jobs.get(claim.id());
        return row != null && row.holds(claim.token()) ? change(row) : null;
    }

    /** A row of this model only, to be changed: copies of a model share their rows. */
    private Row change(Row row) {
        Row own = new Row(row);
        jobs.put(row.id, own);
        return own;
    }

    String emit(Claim claim, List<JobEvent> events) {
        Row row = held(claim);
        if (row == null) {
            return fenced(claim);
        }
        row.n = write(row, events);
        return OK;
    }

    /** Only what is newer than the last one is written; returns the number of the last one now. */
    private static long write(Row row, List<JobEvent> events) {
        long last = row.n;
        for (JobEvent e : events) {
            if (e.id().n() > last) {
                last = e.id().n();
                row.append(last, e.kind(), e.t(), raw(e.data()));
                row.out += e.kind().equals(JobEvent.OUT) ? e.data().length() : 0;
                row.err += e.kind().equals(JobEvent.ERR) ? e.data().length() : 0;
            }
        }
        return last;
    }

    String storeFile(Claim claim, String path, String content, long now) {
        Row row = held(claim);
        if (row == null) {
            return fenced(claim);
        }
        StoredFile before = row.files.put(path, new StoredFile(content, now + row.keepMs() + HOUR_MS));
        row.fileBytes +=
                content.length() - (before == null ? 0 : before.content().length());
        return OK;
    }

    String beat(Claim claim, long now) {
        Row row = held(claim);
        if (row == null) {
            return fenced(claim);
        }
        row.leaseEnd = now + settings.leaseMs();
        return new JobStore.Asked(row.cancelAt > 0, false).toString();
    }

    String finish(Claim claim, List<JobEvent> tail, long endN, JobStatus status, Result result, long now) {
        Row row = held(claim);
        if (row == null) {
            Row ended = jobs.get(claim.id());
            return ended != null && claim.token().equals(ended.endedBy) ? ended.endEvent : fenced(claim);
        }
        write(row, tail);
        end(row, row.append(endN, JobEvent.END, now - row.startedAt, status.name()), status, result, now);
        row.endedBy = claim.token();
        row.endEvent = row.fence + "-" + endN;
        return row.endEvent;
    }

    private void end(Row row, JobStatus status, Result result, long now) {
        long since = row.startedAt > 0 ? row.startedAt : row.createdAt;
        end(row, row.append(JobEvent.END, now - since, status.name()), status, result, now);
    }

    private void end(Row row, Event event, JobStatus status, Result result, long now) {
        if (row.status == JobStatus.RUNNING) {
            double mean = runMs == null ? event.t() : Double.parseDouble(runMs);
            runMs = new BigDecimal(mean + (event.t() - mean) / 4)
                    .setScale(1, RoundingMode.HALF_EVEN)
                    .toPlainString();
        }
        row.status = status;
        row.finishedAt = now;
        row.result = result;
        row.resultText = Codec.toJson(result).encode();
        row.token = null;
        row.files.replaceAll((path, file) -> new StoredFile(file.content(), row.expiresAt()));
        long more = row.out + row.err + row.fileBytes + row.resultText.length();
        row.keptBytes = row.bytes() + more;
        Account account = accounts.get(row.owner);
        account.bytes += more;
        account.keep(row.expiresAt() + DAY_MS);
        account.kept.put(row.id, new Kept(row.keptBytes, row.expiresAt()));
        gone.put(row.id, row.expiresAt() + TOMBSTONE_MS);
        ends.add(new End(row.id, status.name()));
        count("ended:" + status);
    }

    private void giveUp(Row row, Result result, long now) {
        end(row, JobStatus.ERROR, result, now);
        dead.add(new End(row.id, result.error().code().name()));
    }

    /** At its old place: the score stays. What it has stored is dropped, for it starts anew. */
    private void requeue(Row row, long now) {
        row.append(JobEvent.REQUEUED, now - row.startedAt, "QUEUED");
        row.status = JobStatus.QUEUED;
        row.out = 0;
        row.err = 0;
        row.fileBytes = 0;
        row.files.clear();
        row.token = null;
        row.node = null;
        row.startedAt = 0;
        row.deadline = now + settings.timeoutMs();
        wake(row);
    }

    String cancel(JobId id, long now) {
        if (!jobs.containsKey(id)) {
            return absent(id);
        }
        Row row = change(jobs.get(id));
        return switch (row.status) {
            case QUEUED -> {
                end(row, JobStatus.CANCELLED, NEVER_RUN, now);
                yield new Cancel(Cancel.Met.AT_ONCE, "here").toString();
            }
            case RUNNING -> {
                row.cancelAt = row.cancelAt == 0 ? now : row.cancelAt;
                yield new Cancel(Cancel.Met.ASKED, "").toString();
            }
            default -> new Cancel(Cancel.Met.TOO_LATE, "").toString();
        };
    }

    String release(Claim claim, long now) {
        Row row = held(claim);
        if (row == null) {
            return fenced(claim);
        }
        if (row.cancelAt > 0) {
            end(row, JobStatus.CANCELLED, CANCELLED, now);
            return new Reaped(row.id, Reaped.What.CANCELLED, "here").toString();
        }
        row.starts--;
        requeue(row, now);
        return new Reaped(row.id, Reaped.What.REQUEUED, "here").toString();
    }

    /** Moves on jobs whose lease has ended, if leases may be taken, and jobs that have waited for too long. */
    String reap(boolean leasesToo, long now) {
        List<Reaped> moved = new ArrayList<>();
        full = false;
        List<Row> lost = leasesToo ? due(in(JobStatus.RUNNING), r -> r.leaseEnd, now) : List.of();
        for (Row one : lost) {
            Row row = change(one);
            Reaped.What what;
            if (row.cancelAt > 0) {
                end(row, JobStatus.CANCELLED, CANCELLED, now);
                what = Reaped.What.CANCELLED;
            } else if (row.starts >= row.spec.maxStarts()) {
                giveUp(row, WORKER_LOST, now);
                what = Reaped.What.LOST;
            } else {
                requeue(row, now);
                what = Reaped.What.REQUEUED;
            }
            count("reaped:" + what);
            moved.add(new Reaped(row.id, what, "here"));
        }
        for (Row one : due(in(JobStatus.QUEUED), r -> r.deadline, now)) {
            Row row = change(one);
            String sentence = "No worker took this job within " + settings.timeoutMs() / 1_000 + " s. Run it again.";
            giveUp(row, Result.failed(Result.Code.QUEUE_TIMEOUT, sentence), now);
            count("reaped:" + Reaped.What.TIMEOUT);
            moved.add(new Reaped(row.id, Reaped.What.TIMEOUT, "here"));
        }
        return moved.toString();
    }

    private static List<Row> due(Stream<Row> rows, java.util.function.ToLongFunction<Row> when, long now) {
        return rows.filter(r -> when.applyAsLong(r) <= now)
                .sorted(Comparator.comparingLong(when).thenComparing(r -> r.id.text()))
                .toList();
    }

    String purge(JobId id) {
        Row row = jobs.get(id);
        if (row == null) {
            return absent(id);
        }
        if (!row.status.isTerminal()) {
            return "false";
        }
        accounts.get(row.owner).forget(id);
        drop(row);
        return "true";
    }

    private void drop(Row row) {
        jobs.remove(row.id);
        if (row.idem != null && keys.get(row.idem).id().equals(row.id)) {
            keys.remove(row.idem);
        }
    }

    private String absent(JobId id) {
        return gone.containsKey(id) ? new Refusal.JobGone().toString() : new Refusal.NoSuchJob().toString();
    }

    /** The job as a client sees it, or in words why there is none. */
    Object find(JobId id) {
        Row row = jobs.get(id);
        if (row == null) {
            return absent(id);
        }
        boolean ended = row.status.isTerminal();
        return new Job(
                id,
                row.status,
                row.result,
                row.spec.runtime(),
                row.spec.limits(),
                row.starts,
                row.fence,
                row.n,
                row.out,
                row.err,
                row.cancelAt > 0,
                row.status == JobStatus.QUEUED
                        ? new Job.Place(1 + ready(row.spec.queue()).indexOf(row), -1)
                        : null,
                row.createdAt,
                row.startedAt,
                row.finishedAt,
                ended ? row.expiresAt() : 0,
                Optional.empty());
    }

    /** A job was started once more while the clock was ahead, and that start came to nothing. */
    void startedAhead(JobId id, long fence) {
        Row row = change(jobs.get(id));
        row.fence = fence;
        row.append(1, JobEvent.REQUEUED, 0, "QUEUED");
    }

    /** Time passes until a job's lease has ended. */
    void leaseEnds(JobId id) {
        if (jobs.containsKey(id) && jobs.get(id).status == JobStatus.RUNNING) {
            change(jobs.get(id)).leaseEnd = 1;
        }
    }

    /** Time passes until a job has waited for too long. */
    void deadlineEnds(JobId id) {
        if (jobs.containsKey(id) && jobs.get(id).status == JobStatus.QUEUED) {
            change(jobs.get(id)).deadline = 1;
        }
    }

    /** Time passes until an ended job is kept no longer. Its owner's account is put right when the owner comes next. */
    void retentionEnds(JobId id) {
        Row row = jobs.get(id);
        if (row != null && row.status.isTerminal()) {
            accounts.get(row.owner).kept.replace(id, new Kept(row.keptBytes, 1));
            drop(row);
        }
    }

    /** A job's place in its queue, or its lease, is lost, and somebody looks at the job. */
    void mended(JobId id, long now) {
        Row row = change(jobs.get(id));
        count("mended");
        if (row.status == JobStatus.RUNNING) {
            row.leaseEnd = now;
        } else {
            row.deadline = now + settings.timeoutMs();
            wake(row);
        }
    }
}
