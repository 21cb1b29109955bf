package dev.onpyrunner.job;

import dev.onpyrunner.Await;
import dev.onpyrunner.job.QueueModel.ModelClaim;
import dev.onpyrunner.job.QueueModel.ModelJob;
import dev.onpyrunner.redis.RedisLink;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** A queue in Redis and its model, to which the same happens; what they answer and what they then are is compared. */
final class QueueTwin {
    private static final List<Owner> OWNERS = List.of(TestStore.ANN, TestStore.BOB, new Owner("ip:10.0.0.3"));
    private static final List<String> FILES = List.of("a.txt", "b/c.txt");
    private static final long OVERHEAD = 2_000;

    /** All that Redis has of some jobs and of the queue around them, in one look. */
    private static final String LOOK = """
            local P, ready, found = ARGV[1], ARGV[1] .. 'ready:python3', {}
            for i = 2, #ARGV do
              local id = ARGV[i]
              local job = P .. 'job:' .. id
              local j = redis.call('HMGET', job, 'status', 'starts', 'cancel', 'stdout_bytes', 'result', 'owner')
              local log, files = {}, redis.call('SMEMBERS', job .. ':files')
              for _, e in ipairs(redis.call('XRANGE', job .. ':log', '-', '+')) do
                log[#log + 1] = e[1] .. ' ' .. e[2][2] .. ':' .. e[2][6]
              end
              table.sort(files)
              for n, path in ipairs(files) do files[n] = path .. ' ' .. redis.call('STRLEN', job .. ':file:' .. path) end
              found[#found + 1] = {j[1] or '', j[2] or '', j[3] and '1' or '', j[4] or '', j[5] or '',
                redis.call('ZSCORE', ready, id) or '', redis.call('ZSCORE', P .. 'lease', id) and '1' or '',
                redis.call('ZSCORE', P .. 'deadline', id) and '1' or '', redis.call('ZSCORE', P .. 'gone', id) and '1' or '',
                j[6] and redis.call('ZSCORE', P .. 'owner:' .. j[6], id) and '1' or '',
                redis.call('PTTL', job) > 0 and '1' or '', log, files}
            end
            found[#found + 1] = {redis.call('ZCARD', ready), redis.call('ZCARD', P .. 'lease'), redis.call('ZCARD', P .. 'deadline'),
              redis.call('XLEN', P .. 'ends'), redis.call('XLEN', P .. 'dead'),
              tonumber(redis.call('HGET', P .. 'stats', 'queued_bytes') or '0')}
            for _, owner in ipairs({'ip:10.0.0.1', 'ip:10.0.0.2', 'ip:10.0.0.3'}) do
              found[#found + 1] = {redis.call('ZCARD', P .. 'owner:' .. owner),
                tonumber(redis.call('HGET', P .. 'owner-sum:' .. owner, 'bytes') or '0')}
            end
            return found
            """;

    private final QueueModel model = new QueueModel();
    private final List<Claim> claims = new ArrayList<>();
    private final List<EventId> ends = new ArrayList<>();
    private final TestStore store;
    private final TestStore reaper;

    QueueTwin(RedisLink link) {
        TestStore.Setup setup = TestStore.Setup.USUAL
                .withCaps(QueueModel.MAX_QUEUED, QueueModel.MAX_LIVE)
                .withLease(600_000);
        store = TestStore.open(link, setup);
        // A lease that long never ends by itself; a reaper waits for its link to be older than one.
        reaper = store.sharing(link, setup.withLease(1));
        reaper.tryReap(); // learns Redis' time
    }

    /** What goes wrong with a queue to which this happens, or nothing. */
    static Optional<String> differences(RedisLink link, List<QueueStep> history) {
        return new QueueTwin(link).live(history);
    }

    /** Lets all of it happen; what went wrong, or nothing. */
    Optional<String> live(List<QueueStep> history) {
        for (int i = 0; i < history.size(); i++) {
            Optional<String> wrong = happen(history.get(i)).or(this::compare);
            if (wrong.isPresent()) {
                return Optional.of("after step " + (i + 1) + ", " + history.get(i) + ": " + wrong.get());
            }
        }
        return Optional.empty();
    }

    QueueModel model() {
        return model;
    }

    private static Optional<String> same(String what, Object expected, Object actual) {
        return Objects.equals(expected, actual)
                ? Optional.empty()
                : Optional.of(what + " should be " + expected + " and is " + actual);
    }

    /** The answer as a word: a value, or the name of a refusal. */
    private static String answer(Future<?> future) {
        try {
            return String.valueOf(Await.<Object>get(future.map(x -> x)));
        } catch (Refusal | NotHolderException e) {
            return e.getClass().getSimpleName();
        }
    }

    private <T> Optional<T> pick(List<T> from, int number) {
        return from.isEmpty() ? Optional.empty() : Optional.of(from.get(number % from.size()));
    }

    private static JobId id(ModelJob job) {
        return new JobId(job.id);
    }

    private Optional<String> happen(QueueStep step) {
        if (step instanceof QueueStep.Accept a) {
            return accept(a);
        } else if (step instanceof QueueStep.Claim) {
            return claim();
        } else if (step instanceof QueueStep.Emit e) {
            return pick(model.claims, e.claim()).flatMap(c -> emit(c, e.back()));
        } else if (step instanceof QueueStep.StoreFile f) {
            return pick(model.claims, f.claim()).flatMap(c -> storeFile(c, FILES.get(f.file())));
        } else if (step instanceof QueueStep.Beat b) {
            return pick(model.claims, b.claim()).flatMap(this::beat);
        } else if (step instanceof QueueStep.Finish f) {
            return pick(model.claims, f.claim()).flatMap(c -> finish(c, f.status()));
        } else if (step instanceof QueueStep.Release r) {
            return pick(model.claims, r.claim()).flatMap(c -> {
                String got = answer(store.jobs.release(real(c)));
                return same("the answer to release", model.release(c) ? "null" : "NotHolderException", got);
            });
        } else if (step instanceof QueueStep.Cancel c) {
            return pick(model.jobs, c.job()).flatMap(j -> {
                String got = answer(store.jobs.cancel(id(j)).map(JobStore.Cancel::met));
                return same("the answer to cancel", model.cancel(j), got);
            });
        } else if (step instanceof QueueStep.Purge p) {
            return pick(model.jobs, p.job()).flatMap(j -> {
                String got = answer(store.jobs.purge(id(j)));
                return same("the answer to purge", model.purge(j), got);
            });
        } else if (step instanceof QueueStep.EndLease e) {
            pick(model.jobs, e.job())
                    .filter(j -> j.isLive() && j.status == JobStatus.RUNNING)
                    .ifPresent(j -> {
                        j.leaseOver = true;
                        store.send(Command.ZADD, store.key("lease"), "XX", 1, j.id);
                    });
        } else if (step instanceof QueueStep.EndWait e) {
            pick(model.jobs, e.job())
                    .filter(j -> j.isLive() && j.status == JobStatus.QUEUED)
                    .ifPresent(j -> {
                        j.waitOver = true;
                        store.send(Command.ZADD, store.key("deadline"), "XX", 1, j.id);
                    });
        } else {
            Map<String, String> moved = new TreeMap<>();
            reaper.tryReap().forEach(r -> moved.put(r.id().text(), r.what().name()));
            return same("what is reaped", model.reap(), moved);
        }
        return Optional.empty();
    }

    private Optional<String> accept(QueueStep.Accept a) {
        Owner owner = OWNERS.get(a.owner());
        JobSpec spec = TestStore.spec(a.payload(), TestStore.RUNTIME, a.priority(), 60, a.maxStarts());
        String payload = spec.toJson().encode(); // the same key with any other field is another request
        String expected = model.accept(owner.name(), a.key(), payload);
        JobStore.Accepted[] accepted = new JobStore.Accepted[1];
        Optional<Idempotency> key =
                a.key().isEmpty() ? Optional.empty() : Optional.of(Idempotency.of(owner, a.key(), spec));
        String got = answer(store.jobs
                .accept(owner, spec, key, "")
                .onSuccess(x -> accepted[0] = x)
                .map(x -> x.replayed() ? "SAME " + x.id() : "OK"));
        if (got.equals("OK")) {
            long bytes = spec.toJson().toBuffer().length() + OVERHEAD;
            model.accepted(accepted[0].id().text(), owner.name(), a.key(), payload, a.priority(), a.maxStarts(), bytes);
        }
        return same("the answer to accept", expected, got);
    }

    private Optional<String> claim() {
        Optional<ModelJob> next = model.next();
        Optional<Claim> claim = store.tryClaim();
        Optional<String> wrong = same("the job claimed", next.map(j -> j.id), claim.map(c -> c.id().text()));
        if (wrong.isPresent() || next.isEmpty()) {
            return wrong;
        }
        ModelJob job = next.get();
        if (claim.get().fence() <= job.fence) {
            return Optional.of("the fence did not grow: " + claim.get().fence());
        }
        model.claimed(job, claim.get().fence());
        claims.add(claim.get());
        ends.add(null);
        return same("starts", job.starts, claim.get().starts())
                .or(() -> same(
                        "the cancel that a claim brings", false, claim.get().cancelled()));
    }

    private Claim real(ModelClaim claim) {
        return claims.get(model.claims.indexOf(claim));
    }

    private Optional<String> emit(ModelClaim claim, int back) {
        long n = claim.n - back + 1;
        if (back == 0 || n < 2) {
            n = ++claim.n;
        }
        String data = "event " + n;
        boolean holds = model.holds(claim);
        model.emit(claim, n, data);
        Future<Void> done = store.jobs.emit(real(claim), List.of(TestStore.out(real(claim), n, data)));
        return same("the answer to emit", holds ? "null" : "NotHolderException", answer(done));
    }

    private Optional<String> storeFile(ModelClaim claim, String path) {
        boolean holds = model.holds(claim);
        Buffer content = Buffer.buffer("f".repeat((int) (claim.n + 1)));
        model.storeFile(claim, path, content.length());
        return same(
                "the answer to storing a file",
                holds ? "null" : "NotHolderException",
                answer(store.jobs.storeFile(real(claim), path, content)));
    }

    private Optional<String> beat(ModelClaim claim) {
        String expected = model.holds(claim) ? String.valueOf(claim.job.cancel) : "NotHolderException";
        model.beat(claim);
        return same("the answer to beat", expected, answer(store.jobs.beat(real(claim))));
    }

    private Optional<String> finish(ModelClaim claim, JobStatus status) {
        int number = model.claims.indexOf(claim);
        boolean again = claim.ended != null;
        boolean taken = model.finish(claim, status);
        EventId[] end = new EventId[1];
        String got = answer(store.jobs
                .finish(real(claim), List.of(), ++claim.n, status, TestStore.RESULT)
                .onSuccess(e -> end[0] = e)
                .map("taken"));
        Optional<String> wrong = same("the answer to finish", taken ? "taken" : "NotHolderException", got);
        if (wrong.isEmpty() && taken && again) {
            wrong = same("the end event of a repeated finish", ends.get(number), end[0]);
        } else if (taken) {
            ends.set(number, end[0]);
        }
        return wrong;
    }

    /** Whether Redis holds exactly what the model does. */
    private Optional<String> compare() {
        Request look = Request.cmd(Command.EVAL).arg(LOOK).arg(0).arg(store.key(""));
        model.jobs.forEach(j -> look.arg(j.id));
        Response found = Await.get(store.link.send(look));
        Map<String, Long> bytes = new TreeMap<>();
        long queuedBytes = 0;
        Set<String> holders = new TreeSet<>();
        for (int i = 0; i < model.jobs.size(); i++) {
            ModelJob j = model.jobs.get(i);
            Response r = found.get(i);
            Optional<String> wrong = compare(j, r);
            if (wrong.isPresent()) {
                return wrong.map(w -> "job " + i(j) + " " + w);
            }
            if (j.purged) {
                continue;
            }
            long files = j.files.values().stream().mapToLong(Integer::intValue).sum();
            long more = j.isLive() ? 0 : j.stdout + files + r.get(4).toString().length();
            bytes.merge(j.owner, j.specBytes + more, Long::sum);
            queuedBytes += j.status == JobStatus.QUEUED ? j.specBytes : 0;
            if (j.status == JobStatus.RUNNING && !holders.add(j.id)) {
                return Optional.of("two hold a job");
            }
        }
        Response sets = found.get(model.jobs.size());
        Optional<String> wrong = same(
                "ready, lease, deadline, ends, dead and queued bytes",
                List.of(model.queued().size(), holders.size(), model.queued().size(), model.ends, model.dead, (int)
                        queuedBytes),
                numbers(sets));
        for (int o = 0; o < OWNERS.size() && wrong.isEmpty(); o++) {
            String name = OWNERS.get(o).name();
            long live = model.jobs.stream()
                    .filter(j -> j.isLive() && j.owner.equals(name))
                    .count();
            wrong = same(
                    "live jobs and bytes of " + name,
                    List.of((int) live, bytes.getOrDefault(name, 0L).intValue()),
                    numbers(found.get(model.jobs.size() + 1 + o)));
        }
        return wrong;
    }

    private int i(ModelJob job) {
        return model.jobs.indexOf(job);
    }

    private static List<Integer> numbers(Response list) {
        List<Integer> numbers = new ArrayList<>();
        list.forEach(r -> numbers.add(r.toInteger()));
        return numbers;
    }

    private static Optional<String> compare(ModelJob j, Response r) {
        if (j.purged) {
            return same("is purged: its state", "", r.get(0).toString())
                    .or(() -> same("has a tombstone", "1", r.get(8).toString()))
                    .or(() -> same("has a log", 0, r.get(11).size()))
                    .or(() -> same("has files", 0, r.get(12).size()));
        }
        boolean queued = j.status == JobStatus.QUEUED;
        boolean running = j.status == JobStatus.RUNNING;
        boolean live = queued || running;
        List<String> files = new ArrayList<>();
        j.files.forEach((path, size) -> files.add(path + " " + size));
        List<String> log = new ArrayList<>();
        for (Response line : r.get(11)) {
            String text = line.toString(); // fence-n kind:data
            log.add(text.substring(0, text.indexOf('-')) + text.substring(text.indexOf(' ')));
        }
        return same("state", j.status.name(), r.get(0).toString())
                .or(() -> same("starts", String.valueOf(j.starts), r.get(1).toString()))
                .or(() -> same("cancel", j.cancel ? "1" : "", r.get(2).toString()))
                .or(() ->
                        same("stdout_bytes", String.valueOf(j.stdout), r.get(3).toString()))
                .or(() -> same("result says", true, r.get(4).toString().contains(j.code)))
                .or(() -> same(
                        "score in ready",
                        queued ? String.valueOf(j.score) : "",
                        r.get(5).toString()))
                .or(() -> same("lease", running ? "1" : "", r.get(6).toString()))
                .or(() -> same("deadline", queued ? "1" : "", r.get(7).toString()))
                .or(() -> same("tombstone", live ? "" : "1", r.get(8).toString()))
                .or(() ->
                        same("among its owner's live", live ? "1" : "", r.get(9).toString()))
                .or(() -> same("expires", live ? "" : "1", r.get(10).toString()))
                .or(() -> same("log", j.log, log))
                .or(() -> same("files", files, strings(r.get(12))));
    }

    private static List<String> strings(Response list) {
        List<String> strings = new ArrayList<>();
        list.forEach(r -> strings.add(r.toString()));
        return strings;
    }
}
