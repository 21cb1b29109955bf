package dev.onpyrunner.runner;

import dev.onpyrunner.dependencies.DependencySettings;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * How a node runs jobs.
 *
 * @param slots most jobs that run at once, interactive ones not counted
 * @param interactiveSlots most interactive jobs that run at once besides
 * @param interpreters what runs them; for each there are jails, and all share the slots
 * @param python an interpreter of this machine, for the runner itself
 * @param nsjail path of the nsjail program
 * @param jailDir folder with the jail's configuration
 * @param uidBase first of the user ids outside that jails run as, see {@link UidBlock}; only used by root
 * @param beatMs how often a running job's lease is renewed, in milliseconds
 * @param drainMs how long running jobs may take to end when the node stops, in milliseconds
 * @param dependencies how programs get the packages that they name; empty when they do not
 */
public record RunnerSettings(
        int slots,
        int interactiveSlots,
        List<Interpreter> interpreters,
        Path python,
        Path nsjail,
        Path jailDir,
        int uidBase,
        long beatMs,
        long drainMs,
        Optional<DependencySettings> dependencies) {
    /** Each has a user id of its own, see {@link UidBlock}, and so has {@link Zygote}. */
    private static final int MOST_JAILS = UidBlock.SIZE - 1;

    public RunnerSettings {
        Objects.requireNonNull(python, "python");
        interpreters = List.copyOf(interpreters);
        if (interpreters.isEmpty()) {
            throw new IllegalArgumentException("there must be something that runs programs");
        }
        if (slots < 1 || slots > 1000) {
            throw new IllegalArgumentException("slots must be 1 to 1000: " + slots);
        }
        if (interactiveSlots < 0 || 2 * slots + interactiveSlots > MOST_JAILS) {
            throw new IllegalArgumentException("interactive_slots, and slots twice, must be at most " + MOST_JAILS
                    + " together, not " + (2 * slots + interactiveSlots));
        }
        if (uidBase < 1000) {
            throw new IllegalArgumentException("uid_base must be at least 1000, away from the system's users");
        }
        if (beatMs < 1 || drainMs < 0) {
            throw new IllegalArgumentException("the runner's times must be positive");
        }
    }
}
