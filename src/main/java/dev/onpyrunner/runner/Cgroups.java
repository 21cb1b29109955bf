package dev.onpyrunner.runner;

import dev.onpyrunner.job.Limits;
import dev.onpyrunner.runner.Sandbox.Meter;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The kernel's control groups as the runner uses them: one group for each slot, in which the slot's nsjail is started.
 *
 * <p>There are two versions of them in the field; {@link #find} picks the one that this machine enforces memory with.
 * Version 1 is tested; version 2 is written after the kernel's document (Control Group v2) and has not been tried.
 */
abstract class Cgroups {
    private static final Logger LOG = LoggerFactory.getLogger(Cgroups.class);
    private static final String PREFIX = "onpyrunner-";
    /**
     * More than nsjail alone uses. What is above it was a program's: files that it read, still kept in memory, or its own
     * files, which the kernel frees a moment after its end.
     */
    static final long LEFT_BEHIND = 4 << 20;
    /** Of 1000: counts as if it used all of the group's memory more. What holds it has 500. */
    private static final int KILL_FIRST = 1000;
    /** How much less CPU time what nobody waits for gets, when there is not enough. */
    static final int LESS = 10;

    /** Tells the nodes of one process apart. */
    private static final AtomicInteger COUNT = new AtomicInteger();

    /** Processes of a jail itself that count as well: pid 1, and one on its way out. */
    static final int OWN_PROCESSES = 2;

    /** The group of one slot: nsjail in it, and the jail of one program after the other. */
    interface Group {
        /**
         * Gives back the memory of files that the last program read, and takes note of what is used now, by nsjail
         * alone: neither is the next program's. Blocks, for seconds when a program left much behind.
         *
         * @return false while the kernel has not yet freed what the last program left
         */
        boolean settle() throws IOException;

        /** Tells how many processes stay in it, one jail after the other: they are no job's. */
        void residents(int processes);

        /**
         * Says whether somebody waits for what runs in it. A jail that is only being made gets CPU time when no program
         * wants it.
         */
        void hurry(boolean isWaitedFor) throws IOException;

        /** Sets the limits, and starts counting anew. */
        void limit(Limits limits) throws IOException;

        /** What has been counted since {@link #limit}. */
        Meter read() throws IOException;

        /** Files that a process writes its pid to in order to join. */
        List<Path> doors();

        /** Processes in it; empty when nothing knows. */
        Optional<List<Long>> pids() throws IOException;

        void remove() throws IOException;
    }

    /** Makes the group of one slot. */
    abstract Group group(int slot) throws IOException;

    /** Removes what this object made. All groups must be empty. */
    abstract void close() throws IOException;

    /** For the log and the operator: which version, where. */
    abstract String describe();

    /** Whether limits are held at all. */
    boolean areReal() {
        return true;
    }

    /** The groups of this machine, or {@link CgroupsNone} when it has none that this process may use. */
    static Cgroups find() {
        String name = PREFIX + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();
        List<String> whyNot = new ArrayList<>();
        for (Finder finder : List.<Finder>of(CgroupsV1::open, CgroupsV2::open)) {
            try {
                return finder.open(name);
            } catch (IOException e) {
                whyNot.add(e.getMessage());
            }
        }
        return new CgroupsNone(String.join("; ", whyNot));
    }

    private interface Finder {
        Cgroups open(String name) throws IOException;
    }

    /** Removes the groups of nodes that are dead, and kills what is left in them. */
    static void sweep(Path parent) throws IOException {
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(parent, PREFIX + "*")) {
            for (Path folder : folders) {
                String pid = folder.getFileName()
                        .toString()
                        .substring(PREFIX.length())
                        .replaceFirst("-[0-9]+$", "");
                if (!pid.matches("[0-9]{1,10}")
                        || ProcessHandle.of(Long.parseLong(pid)).isPresent()) {
                    continue;
                }
                remove(folder);
            }
        }
    }

    private static void remove(Path folder) {
        try (DirectoryStream<Path> slots = Files.newDirectoryStream(folder, "slot-*")) {
            for (Path slot : slots) {
                kill(numbers(slot.resolve("cgroup.procs")));
                Files.deleteIfExists(slot);
            }
            Files.deleteIfExists(folder);
            LOG.info("removed the control group {} of a dead node", folder.getFileName());
        } catch (IOException e) {
            LOG.warn("a dead node's control group stays: {}", e.getMessage());
        }
    }

    /**
     * Makes the program, not what holds it, the one that the kernel ends when the group's memory is used up. Files in
     * memory belong to no process, so that without this the largest of few small ones would go.
     *
     * @param pids processes of one jail, as seen here; the program is number 2 as seen in the jail
     */
    static void preferToKill(List<Long> pids) {
        // The program is the last one that was made, so it is mostly the last one listed, too.
        for (int i = pids.size() - 1; i >= 0; i--) {
            long pid = pids.get(i);
            Path process = Path.of("/proc", String.valueOf(pid));
            try {
                boolean program = KernelFile.read(process.resolve("status"))
                        .lines()
                        .anyMatch(l -> l.startsWith("NSpid:") && l.endsWith("\t2"));
                if (program) {
                    write(process.resolve("oom_score_adj"), KILL_FIRST);
                    return;
                }
            } catch (IOException e) {
                LOG.debug("process {} keeps its place in the order of killing: {}", pid, e.getMessage());
            }
        }
    }

    static void kill(List<Long> pids) {
        for (long pid : pids) {
            ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        }
    }

    static void write(Path file, Object value) throws IOException {
        Files.writeString(file, String.valueOf(value));
    }

    static long number(Path file) throws IOException {
        return Long.parseLong(Files.readString(file).trim());
    }

    static List<Long> numbers(Path file) throws IOException {
        try {
            return KernelFile.read(file).lines().map(Long::parseLong).toList();
        } catch (FileNotFoundException e) {
            return List.of();
        }
    }
}
