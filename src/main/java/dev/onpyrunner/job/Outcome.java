package dev.onpyrunner.job;

/** How a program that is {@link JobStatus#DONE} came to its end. */
public enum Outcome {
    /** Exit code 0. */
    OK,
    /** Exit code other than 0; an uncaught exception is 1. */
    RUNTIME_ERROR,
    /** Died by a signal that the system did not send. */
    SIGNALED,
    CPU_LIMIT,
    WALL_LIMIT,
    MEMORY_LIMIT,
    OUTPUT_LIMIT,
    /** Interactive, and nobody answered its read in time. */
    IDLE_LIMIT
}
