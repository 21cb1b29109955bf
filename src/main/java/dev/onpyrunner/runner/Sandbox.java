package dev.onpyrunner.runner;

import dev.onpyrunner.job.JobSpec;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Where programs run, walled off.
 *
 * <p>A sandbox has a number of places. A place holds one program at a time; nothing of one is left for the next. All
 * methods return at once; callbacks run on the context that the sandbox was opened on.
 */
public interface Sandbox {

    /**
     * Starts a program, as soon as a place is free.
     *
     * @param dependencies a folder that it can import from, made for it; empty for none
     * @return the running program; fails with {@link SandboxException} when there is none
     */
    Future<Jail> start(JobSpec spec, Optional<Path> dependencies, Listener listener);

    /** Kills what runs and gives everything back: processes, cgroups, folders. */
    Future<Void> close();

    /** One running program and its whole process tree. */
    interface Jail {
        /** Sends SIGINT to the program's process group. */
        void interrupt();

        /** Sends SIGTERM to the program's process group. */
        void terminate();

        /** Kills every process; {@link Listener#ended} still tells the end. */
        void kill();

        /** Gives an interactive program more input, behind what it was given before. It is kept until it is read. */
        void input(Buffer bytes);

        /** Ends an interactive program's input, behind what it was given before. */
        void endInput();

        /**
         * Whether the program stands still because it reads its standard input and has nothing to read: some thread is
         * in that call, and none runs. Reads small files of the kernel.
         */
        boolean awaitsInput();

        /** Asks for the Python stacks of all threads; they come, if at all, through {@link Listener#stack}. */
        void dumpStack();

        /** Reads no output for now: a program that goes on writing comes to a stand. */
        void pause();

        /** Reads output again. */
        void resume();

        /** What all processes have used since the program started. Reads small files of the kernel. */
        Meter meter();

        /** The regular files that the program left in its working directory. Only after its end. */
        Future<Listing> files();

        /**
         * The content of one of them.
         *
         * @return at most {@code size} bytes; fails when it cannot be read
         */
        Future<Buffer> file(String path, long size);

        /** Ends what is left. Completes when no process of it is left. */
        Future<Void> close();
    }

    /** What the kernel counted for one program. {@code cpuMs} is in milliseconds; -1 where nothing counts. */
    record Meter(long cpuMs, long memoryPeakBytes, long oomKills, long processesRefused) {}

    /** A file that a program left, by its path in the working directory. Its name is the program's choice. */
    record Left(String path, long size) {}

    /** What a program left: {@code omitted} more lay too deep, had unfit names or could not be looked at. */
    record Listing(List<Left> files, int omitted) {}

    /** What comes out of a jail: any output, in order, then one end. */
    interface Listener {
        void output(boolean stderr, Buffer bytes);

        /** What came over stderr after {@link Jail#dumpStack}: the stacks, and perhaps output among them. */
        void stack(Buffer bytes);

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
