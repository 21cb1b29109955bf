package dev.onpyrunner.runner;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Whether a program waits for its input, as the kernel tells in {@code /proc/PID/task/TID/syscall} (proc(5)). */
final class InputWait {
    private static final String READ = System.getProperty("os.arch").equals("aarch64") ? "63" : "0";
    /** A read of descriptor 0. */
    private static final String READS_STDIN = READ + " 0x0 ";

    private static final String RUNS = "running";
    /** A program with more threads than this is busy with something. */
    private static final int MOST_TASKS = 512;

    private InputWait() {}

    /**
     * Whether one of these processes reads its standard input, and no thread of any of them runs.
     *
     * @throws IOException when the kernel does not tell
     */
    static boolean isIn(List<Long> pids) throws IOException {
        boolean reads = false;
        int tasks = 0;
        for (long pid : pids) {
            try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc", pid + "", "task"))) {
                for (Path thread : threads) {
                    String call = call(thread);
                    if (call.startsWith(RUNS) || ++tasks > MOST_TASKS) {
                        return false;
                    }
                    reads |= call.startsWith(READS_STDIN);
                }
            } catch (java.nio.file.NoSuchFileException e) {
                // it has ended meanwhile
            }
        }
        return reads;
    }

    private static String call(Path thread) {
        try {
            return new String(Files.readAllBytes(thread.resolve("syscall")), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            // It has ended meanwhile; or we are an ordinary user, and it is the jail's pid 1, which nobody may look
            // into.
            return "";
        }
    }
}
