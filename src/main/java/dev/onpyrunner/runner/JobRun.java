package dev.onpyrunner.runner;

import dev.onpyrunner.job.Claim;
import dev.onpyrunner.job.EventBatch;
import dev.onpyrunner.job.JobBus;
import dev.onpyrunner.job.JobEvent;
import dev.onpyrunner.job.JobStatus;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.Limits;
import dev.onpyrunner.job.NotHolderException;
import dev.onpyrunner.job.Result;
import dev.onpyrunner.job.Usage;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One claimed job in one slot, from claim to stored result.
 *
 * <p>It starts the program, keeps the lease, sends the output to the log, watches the limits, and says at the end what
 * became of it. When it does not hold the job any more (somebody else may run it by now) it kills the program and
 * stores nothing. Confined to one context.
 */
final class JobRun implements Sandbox.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(JobRun.class);
    /** Output is sent at once when none was sent lately, else in batches of this age or size. */
    private static final long BATCH_MS = 20;

    private static final int BATCH_BYTES = 4_096;
    /** With more than this waiting for Redis, no more is read from the program. */
    private static final int MAX_WAITING_BYTES = 1 << 20;
    /** Between the SIGINT of a cancel and SIGKILL. */
    private static final long GRACE_MS = 500;

    private static final long RETRY_MS = 200;
    /** The jail is killed this part of a lease before it ends, so that no two runners ever run the same job. */
    private static final int LEASE_MARGIN = 5;

    /** CPU time is looked at this long after it could be used up at the earliest. */
    private static final long MIN_LOOK_MS = 5;

    private static final int CORES = Runtime.getRuntime().availableProcessors();

    private final Vertx vertx;
    private final JobStore store;
    private final JobBus bus;
    private final Sandbox sandbox;
    private final Claim claim;
    private final long beatMs;
    private final int slot;
    private final OutputLog log;
    private final Promise<Void> done = Promise.promise();
    private final long claimedNanos = System.nanoTime();

    private Sandbox.Jail jail;
    private Verdict.Reason reason = Verdict.Reason.NONE;
    private boolean cancelled;
    private boolean lost;
    private boolean paused;
    private boolean ended;
    private long startedNanos;
    private long renewedNanos = claimedNanos;
    private long sentNanos;
    private Future<Void> sending = Future.succeededFuture();
    private long batchTimer = -1;
    private long beatTimer = -1;
    private long wallTimer = -1;
    private long cpuTimer = -1;
    private long graceTimer = -1;

    JobRun(Vertx vertx, JobStore store, Sandbox sandbox, Claim claim, int slot, long beatMs) {
        this.vertx = vertx;
        this.store = store;
        this.bus = new JobBus(vertx);
        this.sandbox = sandbox;
        this.claim = claim;
        this.slot = slot;
        this.beatMs = beatMs;
        this.log = new OutputLog(claim, claim.spec().limits().outputBytes());
    }

    Claim claim() {
        return claim;
    }

    /** Runs the job. Completes, never fails, when its slot is free again. */
    Future<Void> run() {
        LOG.info("job {} runs: slot {}, start {}", claim.id().brief(), slot, claim.starts());
        bus.nudge(claim.id());
        beatTimer = vertx.setPeriodic(beatMs, t -> beat());
        if (claim.cancelled()) {
            finish(JobStatus.CANCELLED, Result.cancelled("Cancelled before it was run."));
            return done.future();
        }
        sandbox.start(slot, claim.spec(), this).onComplete(r -> {
            if (r.succeeded()) {
                jail = r.result();
                started();
            } else if (lost) {
                close();
            } else if (r.cause() instanceof Sandbox.SandboxException e && e.isOutOfMemory()) {
                verdict(
                        Sandbox.Exit.UNKNOWN,
                        new Sandbox.Meter(0, claim.spec().limits().memoryBytes(), 1, 0));
            } else {
                LOG.error("job {}: no jail: {}", claim.id().brief(), r.cause().getMessage(), r.cause());
                finish(
                        JobStatus.ERROR,
                        Result.failed(
                                Result.Code.SANDBOX_FAILED,
                                "The sandbox could not be started. This is not the program's fault; run it again."));
            }
        });
        return done.future();
    }

    private void started() {
        startedNanos = System.nanoTime();
        if (lost) {
            close();
            return;
        }
        if (cancelled) {
            interrupt();
        }
        Limits limits = claim.spec().limits();
        wallTimer = vertx.setTimer(limits.wallMs(), t -> stop(Verdict.Reason.WALL));
        cpuTimer = vertx.setTimer(Math.max(MIN_LOOK_MS, limits.cpuMs() / CORES), t -> lookAtCpu());
    }

    private void lookAtCpu() {
        if (ended) {
            return;
        }
        long used = jail.meter().cpuMs();
        if (used < 0) {
            return; // nothing counts here
        }
        long left = claim.spec().limits().cpuMs() - used;
        if (left <= 0) {
            stop(Verdict.Reason.CPU);
        } else {
            cpuTimer = vertx.setTimer(Math.max(MIN_LOOK_MS, left / CORES), t -> lookAtCpu());
        }
    }

    private void stop(Verdict.Reason why) {
        if (!ended && reason == Verdict.Reason.NONE) {
            reason = why;
            jail.kill();
        }
    }

    /** Stops the program at its owner's wish: SIGINT, then SIGKILL. */
    void cancel() {
        if (cancelled || ended) {
            return;
        }
        cancelled = true;
        if (jail != null) {
            interrupt();
        }
    }

    private void interrupt() {
        if (reason == Verdict.Reason.NONE) {
            reason = Verdict.Reason.CANCEL;
            resumeReading();
            jail.interrupt();
            graceTimer = vertx.setTimer(GRACE_MS, t -> jail.kill());
        }
    }

    /** Gives the job up without a result: somebody else decides about it, or will. */
    void abandon(String why) {
        if (lost || done.future().isComplete()) {
            return;
        }
        LOG.warn("job {} given up: {}", claim.id().brief(), why);
        lost = true;
        if (jail != null) {
            close();
        }
    }

    /** Kills the program and gives the job back: the node stops. Completes when the slot is free. */
    Future<Void> giveBack() {
        if (lost || ended) {
            return done.future(); // it is on its way out already
        }
        LOG.info("job {} is given back", claim.id().brief());
        lost = true;
        if (jail != null) {
            close();
        }
        return done.future().compose(v -> store.release(claim)).transform(r -> {
            if (r.failed()) {
                LOG.warn(
                        "job {} could not be given back: {}",
                        claim.id().brief(),
                        r.cause().getMessage());
            }
            bus.nudge(claim.id());
            return Future.succeededFuture();
        });
    }

    private void beat() {
        long now = System.nanoTime();
        long leaseMs = store.settings().leaseMs();
        store.beat(claim).onComplete(r -> {
            if (r.succeeded()) {
                renewedNanos = now;
                if (r.result()) {
                    cancel();
                }
            } else if (r.cause() instanceof NotHolderException) {
                if (!ended) {
                    abandon("its lease ended");
                }
            } else if (System.nanoTime() - renewedNanos > (leaseMs - leaseMs / LEASE_MARGIN) * 1_000_000) {
                abandon("its lease could not be renewed");
            }
        });
    }

    @Override
    public void output(boolean stderr, Buffer bytes) {
        if (lost) {
            return;
        }
        if (!log.add(stderr, bytes, sinceStartMs())) {
            stop(Verdict.Reason.OUTPUT);
        }
        if (log.waitingBytes() > MAX_WAITING_BYTES && !paused && jail != null) {
            paused = true;
            jail.pause();
        }
        sendSoon();
    }

    private void resumeReading() {
        if (paused) {
            paused = false;
            jail.resume();
        }
    }

    private void sendSoon() {
        if (!sending.isComplete() || log.waitingBytes() == 0 || ended) {
            return; // send() looks again when it is done
        }
        long age = (System.nanoTime() - sentNanos) / 1_000_000;
        if (age >= BATCH_MS || log.waitingBytes() >= BATCH_BYTES) {
            vertx.cancelTimer(batchTimer);
            batchTimer = -1;
            sentNanos = System.nanoTime();
            sending = send(log.take());
            sending.onComplete(r -> {
                if (log.waitingBytes() < MAX_WAITING_BYTES / 4) {
                    resumeReading();
                }
                sendSoon();
            });
        } else if (batchTimer < 0) {
            batchTimer = vertx.setTimer(BATCH_MS - age, t -> {
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

    @Override
    public void ended(Sandbox.Exit exit) {
        if (!lost) {
            verdict(exit, jail.meter());
        }
    }

    private void verdict(Sandbox.Exit exit, Sandbox.Meter meter) {
        long wallMs = sinceStartMs();
        long queuedMs = Math.max(0, claim.claimedAt() - claim.createdAt());
        Usage usage = new Usage(wallMs, Math.max(0, meter.cpuMs()), Math.max(0, meter.memoryPeakBytes()), queuedMs);
        log.flush(wallMs);
        Verdict verdict = Verdict.of(new Verdict.Observed(
                reason, exit, meter, claim.spec().limits(), usage, log.isStdoutOver(), log.isStderrOver()));
        finish(verdict.status(), verdict.result());
    }

    private void finish(JobStatus status, Result result) {
        ended = true;
        cancelTimers();
        sending.onComplete(r -> store(log.take(), status, result));
    }

    private void store(List<JobEvent> tail, JobStatus status, Result result) {
        if (lost) {
            close();
            return;
        }
        store.finish(claim, tail, log.nextN(), status, result).onComplete(r -> {
            if (r.succeeded()) {
                LOG.info("job {} ended: {}: {}", claim.id().brief(), status, result.message());
                bus.ended(claim.id(), status, claim.acceptedBy());
                bus.nudge(claim.id());
                close();
            } else if (r.cause() instanceof NotHolderException) {
                abandon("its lease ended before its result was stored");
                close();
            } else {
                vertx.setTimer(RETRY_MS, t -> store(tail, status, result));
            }
        });
    }

    private long sinceStartMs() {
        long from = startedNanos == 0 ? claimedNanos : startedNanos;
        return (System.nanoTime() - from) / 1_000_000;
    }

    private void cancelTimers() {
        vertx.cancelTimer(wallTimer);
        vertx.cancelTimer(cpuTimer);
        vertx.cancelTimer(graceTimer);
        vertx.cancelTimer(batchTimer);
    }

    private void close() {
        ended = true;
        cancelTimers();
        vertx.cancelTimer(beatTimer);
        (jail == null ? Future.<Void>succeededFuture() : jail.close()).onComplete(r -> {
            if (r.failed()) {
                LOG.error("slot {} was not left clean", slot, r.cause());
            }
            done.tryComplete();
        });
    }
}
