package dev.onpyrunner.runner;

import dev.onpyrunner.dependencies.Dependencies;
import dev.onpyrunner.dependencies.DependencyException;
import dev.onpyrunner.job.Claim;
import dev.onpyrunner.job.EventBatch;
import dev.onpyrunner.job.Expect;
import dev.onpyrunner.job.Globs;
import dev.onpyrunner.job.Job;
import dev.onpyrunner.job.JobBus;
import dev.onpyrunner.job.JobEvent;
import dev.onpyrunner.job.JobInput;
import dev.onpyrunner.job.JobMeters;
import dev.onpyrunner.job.JobStatus;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.NotHolderException;
import dev.onpyrunner.job.Outcome;
import dev.onpyrunner.job.Result;
import dev.onpyrunner.job.RuntimeCatalog;
import dev.onpyrunner.job.TraceContext;
import dev.onpyrunner.job.Usage;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One claimed job in one slot, from claim to stored result.
 *
 * <p>It has the program run, keeps the lease, sends the output to the log, takes the files out, and stores at the end
 * what became of it. When it does not hold the job any more (somebody else may run it by now) it kills the program and
 * stores nothing. Confined to one context.
 */
final class JobRun {
    private static final Logger LOG = LoggerFactory.getLogger(JobRun.class);
    /** Output is sent at once when none was sent lately, else in batches of this age or size. */
    private static final long BATCH_MS = 20;
    /** A program that ends sooner is stored with one call: what it wrote goes with its result. */
    private static final long SHORT_MS = 5;

    private static final int BATCH_BYTES = 4_096;
    /** With more than this waiting for Redis, no more is read from the program. */
    private static final int MAX_WAITING_BYTES = 1 << 20;

    private static final long RETRY_MS = 200;
    /** How long a node that stops still tries to store a result. */
    private static final long LAST_STORE_MS = 2_000;

    /** The jail is killed this part of a lease before it ends, so that no two runners ever run the same job. */
    private static final int LEASE_MARGIN = 5;

    private final Vertx vertx;
    private final JobStore store;
    private final JobMeters meters;
    private final JobBus bus;
    private final Claim claim;
    private final long beatMs;
    private final RuntimeCatalog runtimes;
    private final Globs alsoCollected;
    private final Optional<Packages> packages;
    private final OutputLog log;
    private final Execution execution;
    private final Promise<Void> done = Promise.promise();
    private final long claimedNanos = System.nanoTime();

    private Dependencies.Provision provision = Dependencies.NONE;
    /** Its packages are on their way: there is no program yet. */
    private boolean providing;

    private boolean lost;
    private boolean ended;
    private long endedNanos;
    private long sentNanos;
    private Future<Void> sending = Future.succeededFuture();
    /** Number of the last input that the program has been given. */
    private long inputs;

    private boolean taking;
    private boolean moreInput;
    private long batchTimer = -1;
    private long beatTimer = -1;
    private long leaseTimer = -1;

    JobRun(
            Vertx vertx,
            JobStore store,
            JobBus bus,
            JobMeters meters,
            Sandbox sandbox,
            Claim claim,
            long beatMs,
            RuntimeCatalog runtimes,
            Globs alsoCollected,
            Optional<Packages> packages) {
        this.vertx = vertx;
        this.store = store;
        this.meters = meters;
        this.bus = bus;
        this.claim = claim;
        this.beatMs = beatMs;
        this.runtimes = runtimes;
        this.alsoCollected = alsoCollected;
        this.packages = packages;
        long mayWrite = Math.min(claim.spec().limits().outputBytes(), claim.room());
        this.log = new OutputLog(claim.fence(), mayWrite);
        if (claim.spec().expect().isPresent()) {
            log.keepStdout();
        }
        this.execution = new Execution(
                vertx, sandbox, claim.spec().withOutputBytes(mayWrite), queuedMs(), log, this::outputCame);
    }

    private long queuedMs() {
        return Math.max(0, claim.claimedAt() - claim.createdAt());
    }

    /** Runs the job. Completes, never fails, when nothing of it is left here. */
    Future<Void> run() {
        beatTimer = vertx.setPeriodic(beatMs, t -> beat());
        leaseFrom(claimedNanos);
        if (claim.cancelled()) {
            finish(JobStatus.CANCELLED, Result.cancelled("Cancelled before it was run."));
            tellStart();
            return done.future();
        }
        moreInput = claim.spec().interactive();
        execution.whenStarted().onSuccess(v -> {
            if (moreInput) {
                inputCame();
            }
        });
        provide();
        tellStart();
        return done.future();
    }

    /** Gets the packages that the program names, then runs it. */
    private void provide() {
        providing = true;
        packages.ifPresent(p -> provision = p.provide(claim.spec(), runtimes, this::note));
        provision.folder().onComplete(r -> {
            if (!providing) {
                return; // nobody waits for it any more
            }
            providing = false;
            if (r.succeeded()) {
                runProgram(r.result());
            } else {
                notProvided(r.cause());
            }
        });
    }

    private void note(String sentence) {
        if (providing) {
            log.add(JobEvent.NOTE, Buffer.buffer(sentence), execution.sinceStartMs());
            outputCame();
        }
    }

    private void notProvided(Throwable why) {
        String message = String.valueOf(why.getMessage());
        LOG.info("job {}: no packages: {}", claim.id().brief(), message);
        if (why instanceof DependencyException e && e.isOfProgram()) {
            log.add(true, Buffer.buffer(message + "\n"), execution.sinceStartMs());
            Usage none = new Usage(0, 0, 0, queuedMs());
            Result result = new Result(Outcome.RUNTIME_ERROR, 1, null, message, List.of(), none, null);
            finish(JobStatus.DONE, compared(new Verdict(JobStatus.DONE, result)).result());
        } else {
            finish(JobStatus.ERROR, Result.failed(Result.Code.SANDBOX_FAILED, message));
        }
    }

    private void runProgram(Optional<Path> dependencies) {
        execution.run(dependencies).onComplete(r -> {
            if (lost) {
                close();
            } else if (r.succeeded()) {
                programEnded();
                takeFiles(compared(noted(r.result())));
            } else {
                LOG.error("job {}: no jail: {}", claim.id().brief(), r.cause().getMessage(), r.cause());
                finish(
                        JobStatus.ERROR,
                        Result.failed(
                                Result.Code.SANDBOX_FAILED,
                                "The sandbox could not be started. This is not the program's fault; run it again."));
            }
        });
    }

    /** The program itself comes first. */
    private void tellStart() {
        LOG.info("job {} runs: start {}{}", claim.id().brief(), claim.starts(), TraceContext.logged(claim.trace()));
        bus.nudge(claim.id());
    }

    /** From here on a lease that is over ends nothing: the result is worth storing as long as nobody else has the job. */
    private void programEnded() {
        ended = true;
        vertx.cancelTimer(leaseTimer);
        endedNanos = System.nanoTime();
        if (execution.startedNanos() != 0) {
            meters.took(JobMeters.Stage.CLAIMED, execution.startedNanos() - claimedNanos);
            meters.took(JobMeters.Stage.RUN, endedNanos - execution.startedNanos());
        }
    }

    /** Says so when it was its owner's room, and not its own limit, that ended the job; or where a missing module is. */
    private Verdict noted(Verdict verdict) {
        if (verdict.result().outcome() == Outcome.RUNTIME_ERROR) {
            return runtimes.hint(log.lastStderr(), claim.spec().runtime())
                    .or(this::hintOfHeader)
                    .map(hint -> new Verdict(verdict.status(), verdict.result().withNote(hint)))
                    .orElse(verdict);
        }
        boolean ofRoom = verdict.result().outcome() == Outcome.OUTPUT_LIMIT
                && claim.room() < claim.spec().limits().outputBytes();
        return ofRoom
                ? new Verdict(
                        verdict.status(),
                        verdict.result()
                                .withNote("There was room for no more beside your stored jobs: delete ended ones with"
                                        + " ?purge=true."))
                : verdict;
    }

    private Optional<String> hintOfHeader() {
        return packages.isEmpty()
                        && RuntimeCatalog.lacksModule(log.lastStderr())
                        && Dependencies.areNamedIn(Packages.program(claim.spec()))
                ? Optional.of("The program names its dependencies, but this server installs none.")
                : Optional.empty();
    }

    /** Says whether the program wrote what was expected of it. */
    private Verdict compared(Verdict verdict) {
        Optional<Expect> expect = claim.spec().expect();
        if (expect.isEmpty() || verdict.status() != JobStatus.DONE) {
            return verdict;
        }
        boolean matched =
                verdict.result().outcome() == Outcome.OK && expect.get().isMetBy(log.stdout());
        return new Verdict(verdict.status(), verdict.result().withMatched(matched));
    }

    private void takeFiles(Verdict verdict) {
        boolean none = claim.spec().collect().isEmpty() && alsoCollected.isEmpty();
        if (none || verdict.status() == JobStatus.ERROR || execution.jail() == null) {
            finish(verdict.status(), verdict.result());
            return;
        }
        new FilesOut(vertx, store, claim, alsoCollected, execution.jail(), () -> lost)
                .take()
                .onComplete(r -> {
                    if (r.failed()) {
                        abandon("its lease ended before its files were stored");
                        close();
                        return;
                    }
                    Result result = verdict.result().withFiles(r.result().files());
                    if (r.result().leftOut() > 0) {
                        result = result.withNote("Not all files could be handed back: "
                                + r.result().leftOut() + " left out.");
                    }
                    finish(verdict.status(), result);
                });
    }

    /** Stops the program at its owner's wish. */
    void cancel() {
        if (providing) {
            providing = false;
            finish(JobStatus.CANCELLED, Result.cancelled("Cancelled before it was run."));
        } else {
            execution.cancel();
        }
    }

    /** There is input for the program, or there may be. */
    void inputCame() {
        moreInput = true;
        if (!taking && execution.takesInput()) {
            take();
        }
    }

    private void take() {
        taking = true;
        moreInput = false;
        store.take(claim, inputs).onComplete(r -> {
            taking = false;
            if (r.succeeded()) {
                r.result().forEach(this::give);
                moreInput |= !r.result().isEmpty();
            } else if (!(r.cause() instanceof NotHolderException)) {
                vertx.setTimer(RETRY_MS, t -> inputCame());
            }
            if (moreInput) {
                inputCame();
            }
        });
    }

    /** What the program has not read yet is kept here: no more than one job may be sent. So a signal is never held up. */
    private void give(JobInput input) {
        if (!execution.takesInput()) {
            return;
        }
        inputs = input.number();
        switch (input.kind()) {
            case IN -> execution.input(input.data());
            case EOF -> execution.endInput();
            case SIGNAL -> execution.signal(JobInput.Signal.valueOf(input.data().toString()));
        }
    }

    /** Gives the job up without a result: somebody else decides about it, or will. */
    void abandon(String why) {
        if (lost || done.future().isComplete()) {
            return;
        }
        LOG.warn("job {} given up: {}", claim.id().brief(), why);
        lost = true;
        endRun();
    }

    /** With nothing to run yet there is no end of a run to wait for. */
    private void endRun() {
        if (providing) {
            providing = false;
            close();
        } else {
            execution.close();
        }
    }

    /** Kills the program and gives the job back: the node stops. Completes when the slot is free. */
    Future<Void> giveBack() {
        if (lost || ended) {
            // It is on its way out already; but a Redis that does not come back must not keep the node from stopping.
            vertx.setTimer(LAST_STORE_MS, t -> lost = true);
            return done.future();
        }
        LOG.info("job {} is given back", claim.id().brief());
        lost = true;
        endRun();
        return done.future().compose(v -> store.release(claim)).transform(r -> {
            if (r.failed()) {
                LOG.warn(
                        "job {} could not be given back: {}",
                        claim.id().brief(),
                        r.cause().getMessage());
                bus.nudge(claim.id());
            } else {
                bus.reaped(r.result());
            }
            return Future.succeededFuture();
        });
    }

    private void beat() {
        long now = System.nanoTime();
        store.beat(claim).onComplete(r -> {
            if (r.succeeded()) {
                leaseFrom(now);
                if (r.result().cancel()) {
                    cancel();
                }
                if (r.result().input()) {
                    inputCame();
                }
            } else if (r.cause() instanceof NotHolderException && !ended) {
                abandon("its lease ended");
            }
        });
    }

    /** Gives the job up shortly before its lease is over, unless it is renewed again. */
    private void leaseFrom(long nanos) {
        vertx.cancelTimer(leaseTimer);
        if (ended || lost) {
            return;
        }
        long leaseMs = store.settings().leaseMs();
        long left = leaseMs - leaseMs / LEASE_MARGIN - (System.nanoTime() - nanos) / 1_000_000;
        leaseTimer = vertx.setTimer(Math.max(1, left), t -> abandon("its lease could not be renewed"));
    }

    private void outputCame() {
        if (log.waitingBytes() > MAX_WAITING_BYTES) {
            execution.pause();
        }
        sendSoon();
    }

    private void sendSoon() {
        if (!sending.isComplete() || log.waitingBytes() == 0 || ended) {
            return; // send() looks again when it is done
        }
        long now = System.nanoTime();
        long pause = Math.max(
                BATCH_MS - (now - sentNanos) / 1_000_000, SHORT_MS - (now - execution.startedNanos()) / 1_000_000);
        if (pause <= 0 || log.waitingBytes() >= BATCH_BYTES) {
            vertx.cancelTimer(batchTimer);
            batchTimer = -1;
            sentNanos = System.nanoTime();
            sending = send(log.take());
            sending.onComplete(r -> {
                if (log.waitingBytes() < MAX_WAITING_BYTES / 4) {
                    execution.resume();
                }
                sendSoon();
            });
        } else if (batchTimer < 0) {
            batchTimer = vertx.setTimer(pause, t -> {
                batchTimer = -1;
                sendSoon();
            });
        }
    }

    private Future<Void> send(List<JobEvent> events) {
        return store.emit(claim, events)
                .onSuccess(v -> bus.publish(claim.id(), EventBatch.of(events, null)))
                .recover(e -> {
                    if (e instanceof NotHolderException) {
                        abandon("its lease ended");
                    }
                    if (lost) {
                        return Future.succeededFuture();
                    }
                    return vertx.timer(RETRY_MS, java.util.concurrent.TimeUnit.MILLISECONDS)
                            .compose(t -> send(events));
                });
    }

    private void finish(JobStatus status, Result result) {
        if (!ended) {
            programEnded();
        }
        vertx.cancelTimer(batchTimer);
        sending.onComplete(r -> store(log.take(), status, result));
        execution.close(); // the next jail can be made while the result is stored
    }

    private void store(List<JobEvent> tail, JobStatus status, Result result) {
        if (lost) {
            close();
            return;
        }
        store.finish(claim, tail, log.nextN(), status, result).onComplete(r -> {
            if (r.succeeded()) {
                bus.ended(
                        claim.id(), status, claim.acceptedBy(), r.result().job().flatMap(this::withOutput));
                bus.nudge(claim.id());
                meters.took(JobMeters.Stage.ENDED, System.nanoTime() - endedNanos);
                LOG.info(
                        "job {} ended: {}: {}{}",
                        claim.id().brief(),
                        status,
                        result.message(),
                        TraceContext.logged(claim.trace()));
                close();
            } else if (r.cause() instanceof NotHolderException) {
                abandon("its lease ended before its result was stored");
                close();
            } else {
                vertx.setTimer(RETRY_MS, t -> store(tail, status, result));
            }
        });
    }

    private Optional<JobStore.Whole> withOutput(Job job) {
        return log.taken().map(output -> new JobStore.Whole(job, output));
    }

    private void close() {
        ended = true;
        vertx.cancelTimer(batchTimer);
        vertx.cancelTimer(beatTimer);
        vertx.cancelTimer(leaseTimer);
        execution.close().onComplete(r -> {
            if (r.failed()) {
                LOG.error("job {} was not cleared away", claim.id().brief(), r.cause());
            }
            provision.release();
            done.tryComplete();
        });
    }
}
