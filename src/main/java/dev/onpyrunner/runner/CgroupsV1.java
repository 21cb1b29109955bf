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
        /** What nsjail uses moves by a few pages from jail to jail: limits are only written when it moves by more. */
        private static final long STEP = 256 << 10;

        private final Map<String, Path> folders;
        private final KernelFile.Opened open = new KernelFile.Opened();
        private final KernelFile memory;
        private final KernelFile memoryPeak;
        private final KernelFile memoryLimit;
        private final Optional<KernelFile> memoryWithSwapLimit;
        private final Optional<KernelFile> networkLimit;
        private final KernelFile oom;
        private final KernelFile processLimit;
        private final Optional<KernelFile> processEvents;
        private final KernelFile cpuNanos;
        private final Optional<KernelFile> shares;
        private volatile int residents = 1;
        /** What the kernel holds now: most programs ask for what the jail was made under. */
        private Bounds present;

        private long ownMemory;
        private long cpuBefore;
        private long oomBefore;
        private long refusedBefore;

        GroupV1(Map<String, Path> folders) throws IOException {
            this.folders = folders;
            Path memory = folders.get("memory");
            Path pids = folders.get("pids");
            this.memory = open.readable(memory.resolve("memory.usage_in_bytes"));
            this.memoryPeak = open.writable(memory.resolve("memory.max_usage_in_bytes"));
            this.memoryLimit = open.writable(memory.resolve("memory.limit_in_bytes"));
            this.memoryWithSwapLimit = open.writableIfThere(memory.resolve("memory.memsw.limit_in_bytes"));
            this.networkLimit = open.writableIfThere(memory.resolve("memory.kmem.tcp.limit_in_bytes"));
            this.oom = open.readable(memory.resolve("memory.oom_control"));
            this.processLimit = open.writable(pids.resolve("pids.max"));
            this.processEvents = open.readableIfThere(pids.resolve("pids.events"));
            this.cpuNanos = open.readable(folders.get("cpuacct").resolve("cpuacct.usage"));
            this.shares = open.writableIfThere(folders.get("cpu").resolve("cpu.shares"));
        }

        @Override
        public boolean settle() throws IOException {
            long left = memory.number();
            if (left > LEFT_BEHIND) {
                Cgroups.write(folders.get("memory").resolve("memory.force_empty"), 0);
                left = memory.number();
            }
            ownMemory = Math.min(left, LEFT_BEHIND);
            return left <= LEFT_BEHIND;
        }

        @Override
        public void residents(int processes) {
            residents = processes;
        }

        @Override
        public void hurry(boolean isWaitedFor) throws IOException {
            if (shares.isPresent()) {
                shares.get().write(isWaitedFor ? SHARES : SHARES / LESS);
            }
        }

        @Override
        public void limit(Limits limits) throws IOException {
            long own = (ownMemory + STEP - 1) / STEP * STEP;
            Bounds bounds = new Bounds(limits.memoryBytes(), own, limits.processes() + residents + OWN_PROCESSES);
            if (!bounds.equals(present)) {
                present = null;
                write(bounds);
                present = bounds;
            }
            memoryPeak.write(0);
            oomBefore = oomKills();
            refusedBefore = refused();
            cpuBefore = cpuNanos.number();
        }

        private void write(Bounds bounds) throws IOException {
            long bytes = bounds.memory() + bounds.ownMemory();
            // Memory with swap must never be the smaller of the two: open it first, close it last.
            if (memoryWithSwapLimit.isPresent()) {
                memoryWithSwapLimit.get().write(-1);
            }
            memoryLimit.write(bytes);
            if (memoryWithSwapLimit.isPresent()) {
                memoryWithSwapLimit.get().write(bytes);
            }
            // Buffers of the network are counted apart, and only once they have a limit.
            if (networkLimit.isPresent()) {
                networkLimit.get().write(bounds.memory() / NETWORK_PART);
            }
            processLimit.write(bounds.processes());
        }

        private long oomKills() throws IOException {
            return oom.field("oom_kill");
        }

        private long refused() throws IOException {
            return processEvents.isPresent() ? processEvents.get().field("max") : 0;
        }

        @Override
        public Meter read() throws IOException {
            return new Meter(
                    (cpuNanos.number() - cpuBefore) / 1_000_000,
                    Math.max(0, memoryPeak.number() - ownMemory),
                    oomKills() - oomBefore,
                    refused() - refusedBefore);
        }

        @Override
        public List<Path> doors() {
            return folders.values().stream().map(f -> f.resolve("cgroup.procs")).toList();
        }

        @Override
        public Optional<List<Long>> pids() throws IOException {
            return Optional.of(numbers(folders.get("pids").resolve("cgroup.procs")));
        }

        @Override
        public void remove() throws IOException {
            open.close();
            for (Path folder : folders.values()) {
                Files.deleteIfExists(folder);
            }
        }
    }
}
