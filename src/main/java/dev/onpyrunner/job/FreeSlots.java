package dev.onpyrunner.job;

import java.util.Optional;

/**
 * The free slots of the runner in the same process: a job that comes while one is free, and before which nobody waits, is
 * claimed by the script that accepts it. Any thread may ask.
 */
@FunctionalInterface
public interface FreeSlots {
    /** Of a process without a runner. */
    FreeSlots NONE = queue -> Optional.empty();

    /** Keeps a slot for a job of the given queue; empty when none is free. It has to be used, or given back. */
    Optional<Slot> reserve(String queue);

    /** A slot that is kept for one job. */
    interface Slot {
        /** The node's name, as it appears in a running job. */
        String node();

        /** Runs the job that was claimed for it. */
        void run(Claim claim);

        /** The job has no use for it. */
        void giveBack();
    }
}
