package dev.onpyrunner.runner;

import io.vertx.core.Future;

/** The outer hold on one jail: whatever holds it, letting go kills the jail's processes. */
interface Lifeline {
    /** Completes when the jail's outer side has ended, with what it said. */
    Future<String> ended();

    /** Lets go. */
    void release();

    /** Whether a process stays in the control group without belonging to the jail. */
    boolean stays(long pid);

    /** The nsjail whose descendants the jail's processes are. */
    ProcessHandle nsjail();

    /** Whether the outer side holds no resource of the slot any more. */
    boolean isOver();

    /** The harder way, for a jail that does not end by {@link #release}. */
    void force();
}
