package dev.onpyrunner.runner;

import dev.onpyrunner.job.JobSpec;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;

/**
 * Where programs run, walled off.
 *
 * <p>A sandbox has numbered slots. A slot holds one program at a time; nothing of one is left for the next. All methods
 * return at once; callbacks run on the context of the caller of {@link #start}.
 */
public interface Sandbox {

    /**
     * Starts a program.
     *
     * @param slot a free slot, from 0
     * @return the running program; fails with {@link SandboxException} when there is none, and then the slot is free
     */
    Future<Jail> start(int slot, JobSpec spec, Listener listener);

    /** Kills what runs and gives everything back: processes, cgroups, folders. */
    Future<Void> close();

    /** One running program and its whole process tree. */
    interface Jail {
        /** Sends SIGINT to the program's process group. */
        void interrupt();

        /** Kills every process; {@link Listener#ended} still tells the end. */
        void kill();

        /** Reads no output for now: a program that goes on writing comes to a stand. */
        void pause();

        /** Reads output again. */
        void resume();

        /** What all processes have used since the program started. Reads small files of the kernel. */
        Meter meter();

        /** Ends what is left. Completes when the slot is free, with no process in it. */
        Future<Void> close();
    }

    /** What the kernel counted for one program. {@code cpuMs} is in milliseconds; -1 where nothing counts. */
    record Meter(long cpuMs, long memoryPeakBytes, long oomKills, long processesRefused) {}

    /** What comes out of a jail: any output, in order, then one end. */
    interface Listener {
        void output(boolean stderr, Buffer bytes);

        void ended(Exit exit);
    }

    /**
     * How the program ended.
     *
     * @param kind by exit or by signal, or unknown: the jail itself was killed, as the kernel may do without memory
     * @param code the exit code or the signal's number
     */
    record Exit(Kind kind, int code) {
        /** The ways to end. */
        public enum Kind {
            EXITED,
            SIGNALED,
            UNKNOWN
        }

        static final Exit UNKNOWN = new Exit(Kind.UNKNOWN, 0);
    }

    /** No program ran, or none can: the sandbox itself failed. */
    final class SandboxException extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final boolean outOfMemory;

        public SandboxException(String message) {
            this(message, false);
        }

        /** {@code outOfMemory}: the job's own memory limit is too small for the interpreter to start. */
        public SandboxException(String message, boolean outOfMemory) {
            super(message);
            this.outOfMemory = outOfMemory;
        }

        public SandboxException(String message, Throwable cause) {
            super(message, cause);
            this.outOfMemory = false;
        }

        public boolean isOutOfMemory() {
            return outOfMemory;
        }
    }
}
