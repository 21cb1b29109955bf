package dev.onpyrunner.job;

/** Where a job stands. A terminal state is never left. */
public enum JobStatus {
    QUEUED,
    RUNNING,
    /** The program came to its own end or to a limit: the user's result, good or bad. */
    DONE,
    /** The system failed, never the user's program. */
    ERROR,
    /** Stopped at the client's wish. */
    CANCELLED;

    public boolean isTerminal() {
        return this == DONE || this == ERROR || this == CANCELLED;
    }
}
