package dev.onpyrunner.runner;

import dev.onpyrunner.job.Limits;
import dev.onpyrunner.runner.Sandbox.Meter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;

/**
 * Control groups version 2: one tree, below the group that this process is in.
 *
 * <p>A group that has processes cannot give controllers to its children, so this process moves into a leaf,
 * {@code onpyrunner-node}, beside the slots. Where its own group is not a folder of its own (a login session of root),
 * the top of the tree is used.
 */
final class CgroupsV2 extends Cgroups {
    /** What the kernel gives to a group. */
    private static final int WEIGHT = 100;

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
        private final KernelFile.Opened open = new KernelFile.Opened();
        private final KernelFile memory;
        private final KernelFile memoryLimit;
        private final Optional<KernelFile> swapLimit;
        private final KernelFile memoryEvents;
        private final KernelFile processLimit;
        private final KernelFile processEvents;
        private final KernelFile cpu;
        private final Optional<KernelFile> weight;
        private volatile int residents = 1;
        private long ownMemory;
        private long cpuBefore;
        private FileChannel peak;
        private long peakBefore;
        private long oomBefore;
        private long refusedBefore;

        GroupV2(Path folder) throws IOException {
            this.folder = folder;
            this.memory = open.readable(folder.resolve("memory.current"));
            this.memoryLimit = open.writable(folder.resolve("memory.max"));
            this.swapLimit = open.writableIfThere(folder.resolve("memory.swap.max"));
            this.memoryEvents = open.readable(folder.resolve("memory.events"));
            this.processLimit = open.writable(folder.resolve("pids.max"));
            this.processEvents = open.readable(folder.resolve("pids.events"));
            this.cpu = open.readable(folder.resolve("cpu.stat"));
            this.weight = open.writableIfThere(folder.resolve("cpu.weight"));
        }

        @Override
        public boolean settle() throws IOException {
            long left = memory.number();
            Path reclaim = folder.resolve("memory.reclaim"); // from Linux 5.19
            if (left > LEFT_BEHIND && Files.exists(reclaim)) {
                try {
                    write(reclaim, left);
                } catch (IOException e) {
                    // EAGAIN: it could not give back that much, which was to be expected
                }
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
            if (weight.isPresent()) {
                weight.get().write(isWaitedFor ? WEIGHT : WEIGHT / LESS);
            }
        }

        @Override
        public void limit(Limits limits) throws IOException {
            memoryLimit.write(limits.memoryBytes() + ownMemory);
            if (swapLimit.isPresent()) {
                swapLimit.get().write(0);
            }
            processLimit.write(limits.processes() + residents + OWN_PROCESSES);
            startPeak();
            oomBefore = oomKills();
            refusedBefore = refused();
            cpuBefore = cpuMicros();
        }

        /**
         * From Linux 6.12 a peak is counted anew for whoever writes to the open file; from 5.19 there is one peak for the
         * group's whole life, which tells something only when it has grown.
         */
        private void startPeak() throws IOException {
            Path file = folder.resolve("memory.peak");
            if (peak != null) {
                peak.close();
                peak = null;
            }
            if (!Files.exists(file)) {
                return;
            }
            peakBefore = number(file);
            try {
                peak = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
                peak.write(ByteBuffer.wrap(new byte[] {'1'}));
            } catch (IOException e) {
                if (peak != null) {
                    peak.close();
                    peak = null;
                }
            }
        }

        private long memoryPeak() throws IOException {
            if (peak != null) {
                ByteBuffer text = ByteBuffer.allocate(32);
                peak.read(text, 0);
                return Long.parseLong(new String(text.array(), 0, text.position(), StandardCharsets.US_ASCII).trim());
            }
            Path file = folder.resolve("memory.peak");
            long everHighest = Files.exists(file) ? number(file) : 0;
            return everHighest > peakBefore ? everHighest : memory.number();
        }

        private long cpuMicros() throws IOException {
            return cpu.field("usage_usec");
        }

        private long oomKills() throws IOException {
            return memoryEvents.field("oom_kill");
        }

        private long refused() throws IOException {
            return processEvents.field("max");
        }

        @Override
        public Meter read() throws IOException {
            return new Meter(
                    (cpuMicros() - cpuBefore) / 1000,
                    Math.max(0, memoryPeak() - ownMemory),
                    oomKills() - oomBefore,
                    refused() - refusedBefore);
        }

        @Override
        public List<Path> doors() {
            return List.of(folder.resolve("cgroup.procs"));
        }

        @Override
        public Optional<List<Long>> pids() throws IOException {
            return Optional.of(numbers(folder.resolve("cgroup.procs")));
        }

        @Override
        public void remove() throws IOException {
            if (peak != null) {
                peak.close();
            }
            open.close();
            Files.deleteIfExists(folder);
        }
    }
}
