package dev.onpyrunner.runner;

import dev.onpyrunner.job.JobStatus;
import dev.onpyrunner.job.Limits;
import dev.onpyrunner.job.Outcome;
import dev.onpyrunner.job.Result;
import dev.onpyrunner.job.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a program's end means: one pure function from what was observed.
 *
 * <p>The worker's own reason comes first, because what it killed says nothing of itself; then the kernel's for want of
 * memory; then the program's own end.
 */
record Verdict(JobStatus status, Result result) {

    /** Why the worker stopped the program. */
    enum Reason {
        NONE,
        CANCEL,
        CPU,
        WALL,
        /** A read of an interactive program had no answer for too long. */
        IDLE,
        /** An interactive program was there for too long in all. */
        STAY,
        OUTPUT
    }

    /**
     * What was seen.
     *
     * @param overStdout whether it was stdout that went over the output limit
     * @param overStderr likewise stderr
     * @param stack where the program was when its time was over; null when that is not known
     */
    record Observed(
            Reason reason,
            Sandbox.Exit exit,
            Sandbox.Meter meter,
            Limits limits,
            Usage usage,
            boolean overStdout,
            boolean overStderr,
            String stack) {}

    private static final List<String> SIGNALS = List.of(
            "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
            "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM",
            "PROF", "WINCH", "IO", "PWR", "SYS");
    private static final int SIGXCPU = 24;
    private static final int FIRST_REAL_TIME_SIGNAL = 34;

    static Verdict of(Observed seen) {
        List<String> touched = new ArrayList<>();
        Limits limits = seen.limits();
        boolean oom = seen.meter().oomKills() > 0;
        if (seen.reason() == Reason.CPU) {
            touched.add("cpu");
        }
        if (seen.reason() == Reason.WALL || seen.reason() == Reason.STAY) {
            touched.add("wall");
        }
        if (seen.reason() == Reason.IDLE) {
            touched.add("idle");
        }
        if (oom) {
            touched.add("memory");
        }
        if (seen.overStdout()) {
            touched.add("stdout");
        }
        if (seen.overStderr()) {
            touched.add("stderr");
        }
        if (seen.meter().processesRefused() > 0) {
            touched.add("processes");
        }
        return switch (seen.reason()) {
            case CANCEL ->
                new Verdict(
                        JobStatus.CANCELLED,
                        new Result(null, null, null, "Cancelled while it ran.", touched, seen.usage(), null));
            case CPU -> outOfTime(seen, touched, Outcome.CPU_LIMIT, cpuMessage(limits));
            case WALL ->
                outOfTime(
                        seen,
                        touched,
                        Outcome.WALL_LIMIT,
                        "Stopped after " + seconds(limits.wallMs())
                                + " on the clock, the limit: it waits too long, or needs a higher wall_ms.");
            case IDLE ->
                outOfTime(
                        seen,
                        touched,
                        Outcome.IDLE_LIMIT,
                        "Stopped after waiting " + seconds(limits.idleMs())
                                + " for input, the limit: nobody answered.");
            case STAY ->
                outOfTime(
                        seen,
                        touched,
                        Outcome.WALL_LIMIT,
                        "Stopped after " + Execution.MOST_STAY_MS / 60_000
                                + " minutes in all, the limit for an interactive program.");
            case OUTPUT ->
                stopped(
                        seen,
                        touched,
                        Outcome.OUTPUT_LIMIT,
                        "Stopped after writing " + size(limits.outputBytes())
                                + ", the limit for its output: let it write less, or ask for a higher output_bytes.");
            case NONE -> ownEnd(seen, touched, oom);
        };
    }

    private static String cpuMessage(Limits limits) {
        return "Stopped after " + seconds(limits.cpuMs())
                + " of CPU time, the limit: look for a loop that does not end, or ask for a higher cpu_ms.";
    }

    private static Verdict ownEnd(Observed seen, List<String> touched, boolean oom) {
        Sandbox.Exit exit = seen.exit();
        boolean killed = exit.kind() == Sandbox.Exit.Kind.SIGNALED && exit.code() == 9;
        if (oom && (killed || exit.kind() == Sandbox.Exit.Kind.UNKNOWN)) {
            return stopped(
                    seen,
                    touched,
                    Outcome.MEMORY_LIMIT,
                    "Stopped for needing more than " + size(seen.limits().memoryBytes())
                            + " of memory, the limit: let it keep less at once, or ask for a higher memory_bytes.");
        }
        // Without control groups the kernel itself stops a process at its CPU time.
        boolean atItsTime = killed || (exit.kind() == Sandbox.Exit.Kind.SIGNALED && exit.code() == SIGXCPU);
        if (atItsTime && seen.meter().cpuMs() >= seen.limits().cpuMs()) {
            touched.add(0, "cpu");
            return outOfTime(seen, touched, Outcome.CPU_LIMIT, cpuMessage(seen.limits()));
        }
        String note = oom ? " One of its processes was stopped for want of memory." : "";
        return switch (exit.kind()) {
            case EXITED -> {
                boolean ok = exit.code() == 0;
                String message = ok ? "Finished." : "Ended with exit code " + exit.code() + ".";
                yield done(seen, touched, ok ? Outcome.OK : Outcome.RUNTIME_ERROR, exit.code(), null, message + note);
            }
            case SIGNALED -> {
                String name = signal(exit.code());
                yield done(seen, touched, Outcome.SIGNALED, null, name, "Died of " + name + "." + note);
            }
            case UNKNOWN ->
                new Verdict(
                        JobStatus.ERROR,
                        Result.failed(
                                Result.Code.SANDBOX_FAILED,
                                "The sandbox failed while the program ran. This is not the program's fault; run it again."));
        };
    }

    private static Verdict stopped(Observed seen, List<String> touched, Outcome outcome, String message) {
        return done(seen, touched, outcome, null, null, message);
    }

    private static Verdict outOfTime(Observed seen, List<String> touched, Outcome outcome, String message) {
        Verdict verdict = stopped(seen, touched, outcome, message);
        return new Verdict(verdict.status(), verdict.result().withStack(seen.stack()));
    }

    private static Verdict done(
            Observed seen, List<String> touched, Outcome outcome, Integer exitCode, String signal, String message) {
        return new Verdict(JobStatus.DONE, new Result(outcome, exitCode, signal, message, touched, seen.usage(), null));
    }

    /** A signal's name, as signal(7) has it for Linux. */
    private static String signal(int number) {
        if (number < SIGNALS.size()) {
            return "SIG" + SIGNALS.get(number);
        }
        int offset = number - FIRST_REAL_TIME_SIGNAL;
        return offset <= 0 ? "SIGRTMIN" : "SIGRTMIN+" + offset;
    }

    private static String seconds(long ms) {
        if (ms < 1000) {
            return ms + " ms";
        }
        return String.format(Locale.ROOT, "%.1f s", ms / 1000.0);
    }

    private static String size(long bytes) {
        if (bytes >= 1 << 20) {
            return bytes % (1 << 20) == 0
                    ? (bytes >> 20) + " MiB"
                    : String.format(Locale.ROOT, "%.1f MiB", bytes / 1048576.0);
        }
        return bytes >= 1 << 10
                ? String.format(Locale.ROOT, "%.1f KiB", bytes / 1024.0)
                : (bytes == 1 ? "1 byte" : bytes + " bytes");
    }
}
