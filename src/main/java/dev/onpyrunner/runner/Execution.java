package dev.onpyrunner.runner;

import dev.onpyrunner.job.JobEvent;
import dev.onpyrunner.job.JobInput;
import dev.onpyrunner.job.JobSpec;
import dev.onpyrunner.job.Limits;
import dev.onpyrunner.job.Usage;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One run of a program in the sandbox, from its start to its verdict: it watches the limits and stops the program at
 * them. Confined to one context.
 */
final class Execution implements Sandbox.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(Execution.class);
    /** Between the SIGINT of a cancel and SIGKILL. */
    private static final long GRACE_MS = 500;
    /** How long a program that is stopped for its time may take to show its stack, and how long after its last line. */
    private static final long STACK_MS = 40;

    private static final long STACK_QUIET_MS = 3;
    private static final int MAX_STACK = 262_144;

    /** An interactive program is looked at after so long a silence: does it wait for input? Twice, to be sure. */
    private static final long SILENCE_MS = 80;
    /** How often it is looked at while it waits. */
    private static final long WAITING_LOOK_MS = 500;
    /** How long an interactive program may be there, however long it waits, in milliseconds. */
    static final long MOST_STAY_MS = TimeUnit.MINUTES.toMillis(30);

    /** CPU time is looked at this long after it could be used up at the earliest. */
    private static final long MIN_LOOK_MS = 5;

    private static final int CORES = Runtime.getRuntime().availableProcessors();

    private final Vertx vertx;
    private final Sandbox sandbox;
    private final JobSpec spec;
    private final long queuedMs;
    private final OutputLog log;
    private final Runnable onOutput;
    private final Promise<Void> started = Promise.promise();
    private final Promise<Verdict> verdict = Promise.promise();
    private final long createdNanos = System.nanoTime();
    private final Buffer stack = Buffer.buffer();

    private Sandbox.Jail jail;
    private Verdict.Reason reason = Verdict.Reason.NONE;
    private boolean cancelled;
    private boolean paused;
    private boolean ended;
    private boolean closed;
    private long startedNanos;
    private long killAtLatest;
    /** Of an interactive program: since when it reads and nobody has answered; 0 when it does not read. */
    private long readingSince;
    /** It stands still: its readers know that it waits, and its clock does not run. */
    private boolean waiting;

    private long stillSince;
    private long stillNanos;
    private long activeNanos;
    private long lookTimer = -1;
    private long stayTimer = -1;
    private long wallTimer = -1;
    private long cpuTimer = -1;
    private long killTimer = -1;

    /**
     * Makes a run that is yet to be started.
     *
     * @param queuedMs how long the job waited, for its usage
     * @param log takes the output
     * @param onOutput told when there is more in the log
     */
    Execution(Vertx vertx, Sandbox sandbox, JobSpec spec, long queuedMs, OutputLog log, Runnable onOutput) {
        this.vertx = vertx;
        this.sandbox = sandbox;
        this.spec = spec;
        this.queuedMs = queuedMs;
        this.log = log;
        this.onOutput = onOutput;
    }

    /** When the program started, as {@link System#nanoTime}; 0 when it has not. */
    long startedNanos() {
        return startedNanos;
    }

    /** Starts a program that needs nothing but its jail. */
    Future<Verdict> run() {
        return run(Optional.empty());
    }

    /**
     * Starts the program.
     *
     * @param dependencies a folder that it can import from, made for it; empty for none
     * @return what became of it; fails with {@link Sandbox.SandboxException} when there was no jail for it. Its jail is
     *     there until {@link #close}
     */
    Future<Verdict> run(Optional<Path> dependencies) {
        sandbox.start(spec, dependencies, this).onComplete(r -> {
            if (r.succeeded()) {
                jail = r.result();
                started();
            } else if (r.cause() instanceof Sandbox.SandboxException e && e.isOutOfMemory()) {
                end(Sandbox.Exit.UNKNOWN, new Sandbox.Meter(0, spec.limits().memoryBytes(), 1, 0));
            } else {
                verdict.tryFail(r.cause());
            }
        });
        return verdict.future();
    }

    private void started() {
        startedNanos = System.nanoTime();
        if (closed) {
            jail.close();
            return;
        }
        if (cancelled) {
            interrupt();
        }
        Limits limits = spec.limits();
        wallTimer = vertx.setTimer(limits.wallMs(), t -> stop(Verdict.Reason.WALL));
        if (spec.interactive()) {
            stayTimer = vertx.setTimer(MOST_STAY_MS, t -> stop(Verdict.Reason.STAY));
            lookTimer = vertx.setTimer(SILENCE_MS, t -> lookForInput());
        }
        cpuTimer = vertx.setTimer(Math.max(MIN_LOOK_MS, limits.cpuMs() / CORES), t -> lookAtCpu());
        started.complete();
    }

    /** Completes when the program runs, and input and signals reach it; perhaps never. */
    Future<Void> whenStarted() {
        return started.future();
    }

    private void lookAtCpu() {
        if (ended) {
            return;
        }
        Optional<Sandbox.Meter> meter = meter();
        if (meter.isEmpty()) {
            cpuTimer = vertx.setTimer(MIN_LOOK_MS, t -> lookAtCpu());
            return;
        }
        long used = meter.get().cpuMs();
        if (used < 0) {
            return; // nothing counts here
        }
        long left = spec.limits().cpuMs() - used;
        if (left <= 0) {
            stop(Verdict.Reason.CPU);
        } else {
            cpuTimer = vertx.setTimer(Math.max(MIN_LOOK_MS, left / CORES), t -> lookAtCpu());
        }
    }

    /** Sees whether an interactive program waits for input: then its clock stands still, and its readers are told. */
    private void lookForInput() {
        if (ended || reason != Verdict.Reason.NONE) {
            return;
        }
        long now = System.nanoTime();
        long silentMs = TimeUnit.NANOSECONDS.toMillis(now - activeNanos);
        if (silentMs < SILENCE_MS && !waiting) {
            lookTimer = vertx.setTimer(SILENCE_MS - silentMs, t -> lookForInput());
            return;
        }
        if (!jail.awaitsInput()) {
            startClock();
            readingSince = 0;
        } else if (readingSince == 0) {
            readingSince = now; // it may only be between two of its steps: look again
        } else if (!waiting) {
            waiting = true;
            stillSince = now;
            vertx.cancelTimer(wallTimer);
            log.add(JobEvent.NEED_INPUT, Buffer.buffer(), sinceStartMs());
            onOutput.run();
        }
        if (readingSince != 0
                && now - readingSince
                        >= TimeUnit.MILLISECONDS.toNanos(spec.limits().idleMs())) {
            stop(Verdict.Reason.IDLE);
            return;
        }
        long idleLeft = readingSince == 0
                ? Long.MAX_VALUE
                : spec.limits().idleMs() - TimeUnit.NANOSECONDS.toMillis(now - readingSince);
        lookTimer = vertx.setTimer(
                Math.max(1, Math.min(waiting ? WAITING_LOOK_MS : SILENCE_MS, idleLeft)), t -> lookForInput());
    }

    /** It does something, or is about to. */
    private void goesOn() {
        activeNanos = System.nanoTime();
        if (waiting) {
            startClock();
            vertx.cancelTimer(lookTimer);
            lookTimer = vertx.setTimer(SILENCE_MS, t -> lookForInput());
        }
    }

    private void startClock() {
        if (waiting) {
            waiting = false;
            stillNanos += System.nanoTime() - stillSince;
            wallTimer = vertx.setTimer(Math.max(1, spec.limits().wallMs() - ranMs()), t -> stop(Verdict.Reason.WALL));
        }
    }

    /** Gives an interactive program more input. */
    void input(Buffer bytes) {
        given();
        log.addInput(bytes, sinceStartMs());
        onOutput.run();
        jail.input(bytes);
    }

    /** Ends an interactive program's input. */
    void endInput() {
        given();
        log.add(JobEvent.EOF, Buffer.buffer(), sinceStartMs());
        onOutput.run();
        jail.endInput();
    }

    /** Sends the program a signal that a client has asked for. What it does is its own doing. */
    void signal(JobInput.Signal signal) {
        goesOn();
        log.add(JobEvent.SIGNAL, Buffer.buffer(signal.name()), sinceStartMs());
        onOutput.run();
        switch (signal) {
            case INT -> jail.interrupt();
            case TERM -> jail.terminate();
            case KILL -> jail.kill();
        }
    }

    private void given() {
        goesOn();
        readingSince = 0;
    }

    /** Whether it has started and not ended, and nobody is stopping it. */
    boolean takesInput() {
        return startedNanos != 0 && !ended && reason == Verdict.Reason.NONE;
    }

    /** Empty when the kernel's files cannot be read for now. */
    private Optional<Sandbox.Meter> meter() {
        try {
            return Optional.of(jail.meter());
        } catch (RuntimeException e) {
            LOG.warn("usage cannot be read: {}", e.getMessage());
            return Optional.empty();
        }
    }

    private void stop(Verdict.Reason why) {
        if (ended || reason != Verdict.Reason.NONE) {
            return;
        }
        reason = why;
        resume();
        if (why == Verdict.Reason.OUTPUT) {
            jail.kill();
        } else {
            jail.dumpStack();
            killAtLatest = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(STACK_MS);
            killIn(STACK_MS);
        }
    }

    private void killIn(long ms) {
        vertx.cancelTimer(killTimer);
        killTimer = vertx.setTimer(ms, t -> jail.kill());
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
            resume();
            jail.interrupt();
            killIn(GRACE_MS);
        }
    }

    /** Reads no output for now. */
    void pause() {
        if (!paused && jail != null && reason == Verdict.Reason.NONE) {
            paused = true;
            jail.pause();
        }
    }

    /** Reads output again. */
    void resume() {
        if (paused) {
            paused = false;
            jail.resume();
        }
    }

    @Override
    public void output(boolean stderr, Buffer bytes) {
        goesOn(); // some thread of it does, and may do more
        if (!log.add(stderr, bytes, sinceStartMs())) {
            stop(Verdict.Reason.OUTPUT);
        }
        onOutput.run();
    }

    @Override
    public void stack(Buffer bytes) {
        if (stack.length() < MAX_STACK) {
            stack.appendBuffer(bytes);
        }
        long left = TimeUnit.NANOSECONDS.toMillis(killAtLatest - System.nanoTime());
        if (!ended && left > STACK_QUIET_MS) {
            killIn(STACK_QUIET_MS); // else it is killed in time by the timer that is set
        }
    }

    @Override
    public void ended(Sandbox.Exit exit) {
        if (!closed) {
            end(exit, meter().orElse(new Sandbox.Meter(-1, -1, 0, 0)));
        }
    }

    private void end(Sandbox.Exit exit, Sandbox.Meter meter) {
        ended = true;
        cancelTimers();
        long wallMs = sinceStartMs();
        Usage usage = new Usage(ranMs(), Math.max(0, meter.cpuMs()), Math.max(0, meter.memoryPeakBytes()), queuedMs);
        StackDump dump = StackDump.split(stack);
        log.add(true, dump.rest(), wallMs);
        log.flush(wallMs);
        verdict.tryComplete(Verdict.of(new Verdict.Observed(
                reason, exit, meter, spec.limits(), usage, log.isStdoutOver(), log.isStderrOver(), dump.stack())));
    }

    /** Milliseconds since the program started; before that, since this was made. */
    long sinceStartMs() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - (startedNanos == 0 ? createdNanos : startedNanos));
    }

    /** The same, without those for which it stood still and waited for input. */
    private long ranMs() {
        long still = stillNanos + (waiting ? System.nanoTime() - stillSince : 0);
        return sinceStartMs() - TimeUnit.NANOSECONDS.toMillis(still);
    }

    /** The jail, after the program's end: for its files. Null when there was none. */
    Sandbox.Jail jail() {
        return jail;
    }

    private void cancelTimers() {
        vertx.cancelTimer(wallTimer);
        vertx.cancelTimer(stayTimer);
        vertx.cancelTimer(lookTimer);
        vertx.cancelTimer(cpuTimer);
        vertx.cancelTimer(killTimer);
    }

    /** Kills what is left, with no verdict if there is none yet. Completes when the sandbox's place is free. */
    Future<Void> close() {
        closed = true;
        ended = true;
        cancelTimers();
        verdict.tryFail(new Sandbox.SandboxException("The program was given up."));
        return jail == null ? Future.succeededFuture() : jail.close();
    }
}
