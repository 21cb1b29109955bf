package dev.onpyrunner.runner;

import dev.onpyrunner.job.Limits;
import dev.onpyrunner.runner.Sandbox.Meter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * No control groups, as for a user without privileges: memory and processes are bounded for each process by resource
 * limits only, CPU time is not counted.
 */
final class CgroupsNone extends Cgroups {
    private final String why;

    CgroupsNone(String why) {
        this.why = why;
    }

    @Override
    boolean areReal() {
        return false;
    }

    @Override
    Group group(int slot) {
        return new NoGroup();
    }

    @Override
    void close() {}

    @Override
    String describe() {
        return "none (" + why + ")";
    }

    private static final class NoGroup implements Group {
        @Override
        public boolean settle() {
            return true;
        }

        @Override
        public void residents(int processes) {}

        @Override
        public void hurry(boolean isWaitedFor) {}

        @Override
        public void limit(Limits limits) {}

        @Override
        public Meter read() {
            return new Meter(-1, -1, 0, 0);
        }

        @Override
        public List<Path> doors() {
            return List.of();
        }

        @Override
        public Optional<List<Long>> pids() {
            return Optional.empty();
        }

        @Override
        public void remove() {}
    }
}
