package dev.onpyrunner.runner;

import dev.onpyrunner.job.Limits;
import dev.onpyrunner.runner.Sandbox.Meter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Control groups version 1: one tree for each controller, below the groups that this process is in. */
final class CgroupsV1 extends Cgroups {
    private static final List<String> CONTROLLERS = List.of("memory", "pids", "cpuacct", "cpu");
    private static final int NETWORK_PART = 4;
    /** What the kernel gives to a group. */
    private static final int SHARES = 1024;

    private final Map<String, Path> folders;

    private CgroupsV1(Map<String, Path> folders) {
        this.folders = folders;
    }

    static Cgroups open(String name) throws IOException {
        Map<String, Path> folders = new LinkedHashMap<>();
        for (String controller : CONTROLLERS) {
            Path parent = parent(controller);
            sweep(parent);
            folders.put(controller, Files.createDirectories(parent.resolve(name)));
        }
        return new CgroupsV1(folders);
    }

    /** The group that this process is in, as a folder. */
    private static Path parent(String controller) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/cgroup"))) {
            String[] parts = line.split(":", 3);
            if (List.of(parts[1].split(",")).contains(controller)) {
                Path tree = Path.of("/sys/fs/cgroup", parts[1]);
                Path own = tree.resolve(parts[2].substring(1));
                // In a container the tree that is mounted may begin at this process' own group.
                Path folder = Files.isDirectory(own) ? own : tree;
                if (Files.isWritable(folder)) {
                    return folder;
                }
                throw new IOException("version 1: " + folder + " cannot be written");
            }
        }
        throw new IOException("version 1: no " + controller + " controller");
    }

    @Override
    Group group(int slot) throws IOException {
        Map<String, Path> own = new LinkedHashMap<>();
        for (Map.Entry<String, Path> e : folders.entrySet()) {
            own.put(e.getKey(), Files.createDirectories(e.getValue().resolve("slot-" + slot)));
        }
        return new GroupV1(own);
    }

    @Override
    void close() throws IOException {
        for (Path folder : folders.values()) {
            Files.deleteIfExists(folder);
        }
    }

    @Override
    String describe() {
        return "version 1";
    }

    private record Bounds(long memory, long ownMemory, long processes) {}

    private static final class GroupV1 implements Group {
        private final Map<String, Path> folders;
        private final Path memory;
        private final Path pids;
        private final Path cpu;
        private volatile int residents = 1;
        /** What the kernel holds now: most programs ask for what the jail was made under. */
        private Bounds present;

        private long ownMemory;
        private long cpuBefore;
        private long oomBefore;
        private long refusedBefore;

        GroupV1(Map<String, Path> folders) {
            this.folders = folders;
            memory = folders.get("memory");
            pids = folders.get("pids");
            cpu = folders.get("cpuacct");
        }

        @Override
        public boolean settle() throws IOException {
            Path usage = memory.resolve("memory.usage_in_bytes");
            if (number(usage) > LEFT_BEHIND) {
                Cgroups.write(memory.resolve("memory.force_empty"), 0);
            }
            long left = number(usage);
            ownMemory = Math.min(left, LEFT_BEHIND);
            return left <= LEFT_BEHIND;
        }

        @Override
        public void residents(int processes) {
            residents = processes;
        }

        @Override
        public void hurry(boolean isWaitedFor) throws IOException {
            Path shares = folders.get("cpu").resolve("cpu.shares");
            if (Files.exists(shares)) {
                Cgroups.write(shares, isWaitedFor ? SHARES : SHARES / LESS);
            }
        }

        @Override
        public void limit(Limits limits) throws IOException {
            Bounds bounds = new Bounds(limits.memoryBytes(), ownMemory, limits.processes() + residents + OWN_PROCESSES);
            if (!bounds.equals(present)) {
                present = null;
                write(bounds);
                present = bounds;
            }
            Cgroups.write(memory.resolve("memory.max_usage_in_bytes"), 0);
            oomBefore = oomKills();
            refusedBefore = refused();
            cpuBefore = cpuNanos();
        }

        private void write(Bounds bounds) throws IOException {
            long bytes = bounds.memory() + bounds.ownMemory();
            // Memory with swap must never be the smaller of the two: open it first, close it last.
            Path withSwap = memory.resolve("memory.memsw.limit_in_bytes");
            if (Files.exists(withSwap)) {
                Cgroups.write(withSwap, -1);
            }
            Cgroups.write(memory.resolve("memory.limit_in_bytes"), bytes);
            if (Files.exists(withSwap)) {
                Cgroups.write(withSwap, bytes);
            }
            // Buffers of the network are counted apart, and only once they have a limit.
            Path network = memory.resolve("memory.kmem.tcp.limit_in_bytes");
            if (Files.exists(network)) {
                Cgroups.write(network, bounds.memory() / NETWORK_PART);
            }
            Cgroups.write(pids.resolve("pids.max"), bounds.processes());
        }

        private long cpuNanos() throws IOException {
            return number(cpu.resolve("cpuacct.usage"));
        }

        private long oomKills() throws IOException {
            return field(memory.resolve("memory.oom_control"), "oom_kill");
        }

        private long refused() throws IOException {
            return field(pids.resolve("pids.events"), "max");
        }

        @Override
        public Meter read() throws IOException {
            return new Meter(
                    (cpuNanos() - cpuBefore) / 1_000_000,
                    Math.max(0, number(memory.resolve("memory.max_usage_in_bytes")) - ownMemory),
                    oomKills() - oomBefore,
                    refused() - refusedBefore);
        }

        @Override
        public List<Path> doors() {
            return folders.values().stream().map(f -> f.resolve("cgroup.procs")).toList();
        }

        @Override
        public Optional<List<Long>> pids() throws IOException {
            return Optional.of(numbers(pids.resolve("cgroup.procs")));
        }

        @Override
        public void remove() throws IOException {
            for (Path folder : folders.values()) {
                Files.deleteIfExists(folder);
            }
        }
    }
}
