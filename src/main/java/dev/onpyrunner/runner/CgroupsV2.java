package dev.onpyrunner.runner;

import dev.onpyrunner.job.Limits;
import dev.onpyrunner.runner.Sandbox.Meter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Control groups version 2: one tree, below the group that this process is in.
 *
 * <p>A group that has processes cannot give controllers to its children, so this process moves into a leaf,
 * {@code onpyrunner-node}, beside the slots. Where its own group is not a folder of its own (a login session of root),
 * the top of the tree is used.
 */
final class CgroupsV2 extends Cgroups {
    private static final Path TOP = Path.of("/sys/fs/cgroup");
    private static final List<String> CONTROLLERS = List.of("memory", "pids", "cpu");
    private final Path folder;

    private CgroupsV2(Path folder) {
        this.folder = folder;
    }

    static Cgroups open(String name) throws IOException {
        if (!Files.exists(TOP.resolve("cgroup.controllers"))) {
            throw new IOException("version 2: not mounted");
        }
        Path parent = offers(TOP, "cgroup.subtree_control") ? TOP : ownWithControllers();
        sweep(parent);
        Path folder = Files.createDirectories(parent.resolve(name));
        enable(folder);
        return new CgroupsV2(folder);
    }

    private static boolean offers(Path group, String file) throws IOException {
        List<String> offered =
                List.of(Files.readString(group.resolve(file)).trim().split(" "));
        return Files.isWritable(group) && offered.containsAll(CONTROLLERS);
    }

    private static Path ownWithControllers() throws IOException {
        String line = Files.readAllLines(Path.of("/proc/self/cgroup")).stream()
                .filter(l -> l.startsWith("0::/"))
                .findFirst()
                .orElseThrow(() -> new IOException("version 2: this process is in no group"));
        Path own = TOP.resolve(line.substring("0::/".length()));
        if (own.endsWith("onpyrunner-node")) {
            own = own.getParent();
        }
        if (!offers(own, "cgroup.controllers")) {
            throw new IOException("version 2: memory, pids and cpu are not delegated to this process");
        }
        Path leaf = Files.createDirectories(own.resolve("onpyrunner-node"));
        write(leaf.resolve("cgroup.procs"), ProcessHandle.current().pid());
        enable(own);
        return own;
    }

    private static void enable(Path group) throws IOException {
        write(group.resolve("cgroup.subtree_control"), "+memory +pids +cpu");
    }

    @Override
    Group group(int slot) throws IOException {
        return new GroupV2(Files.createDirectories(folder.resolve("slot-" + slot)));
    }

    @Override
    void close() throws IOException {
        Files.deleteIfExists(folder);
    }

    @Override
    String describe() {
        return "version 2";
    }

    private static final class GroupV2 implements Group {
        private final Path folder;
        private long oomBefore;
        private long refusedBefore;

        GroupV2(Path folder) {
            this.folder = folder;
        }

        @Override
        public void limit(Limits limits) throws IOException {
            write(folder.resolve("memory.max"), limits.memoryBytes());
            if (Files.exists(folder.resolve("memory.swap.max"))) {
                write(folder.resolve("memory.swap.max"), 0);
            }
            write(folder.resolve("pids.max"), limits.processes() + OWN_PROCESSES);
            oomBefore = oomKills();
            refusedBefore = refused();
        }

        private long oomKills() throws IOException {
            return field(folder.resolve("memory.events"), "oom_kill");
        }

        private long refused() throws IOException {
            return field(folder.resolve("pids.events"), "max");
        }

        @Override
        public Meter read() throws IOException {
            // memory.peak exists from Linux 5.19 and counts since the group was made.
            Path peak = folder.resolve("memory.peak");
            return new Meter(
                    field(folder.resolve("cpu.stat"), "usage_usec") / 1000,
                    number(Files.exists(peak) ? peak : folder.resolve("memory.current")),
                    oomKills() - oomBefore,
                    refused() - refusedBefore);
        }

        @Override
        public List<Path> doors() {
            return List.of(folder.resolve("cgroup.procs"));
        }

        @Override
        public List<Long> pids() throws IOException {
            return numbers(folder.resolve("cgroup.procs"));
        }

        @Override
        public void remove() throws IOException {
            Files.deleteIfExists(folder);
        }
    }
}
