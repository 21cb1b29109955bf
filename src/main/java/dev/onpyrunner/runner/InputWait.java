package dev.onpyrunner.runner;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** Whether a program waits for its input, as the kernel tells in {@code /proc/PID/task/TID/syscall} (proc(5)). */
final class InputWait {
    private static final boolean ARM = System.getProperty("os.arch").equals("aarch64");
    /** A read of descriptor 0. */
    private static final String READS_STDIN = (ARM ? "63" : "0") + " 0x0 ";
    /** {@code epoll_wait} and {@code epoll_pwait}, by number. */
    private static final Set<String> EPOLL_WAITS = ARM ? Set.of("22") : Set.of("232", "281");
    /** The arguments behind the number of the call: the epoll, where to write, how many, for how long. */
    private static final int EPOLL = 1;

    private static final int TIMEOUT = 4;
    /** What {@code /proc/PID/fdinfo} says of an epoll that looks at descriptor 0. */
    private static final Pattern LOOKS_AT_STDIN = Pattern.compile("(?m)^tfd:\\s+0\\s");

    private static final String RUNS = "running";
    /** A program with more threads than this is busy with something. */
    private static final int MOST_TASKS = 512;

    private InputWait() {}

    /**
     * Whether one of these processes reads its standard input, or waits for it without a time-out as asyncio does (epoll),
     * and no thread of any of them runs. What {@code select} and {@code poll} wait for stands in the program's memory, and is
     * not looked at.
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
                    reads |= call.startsWith(READS_STDIN) || looksAtStdin(thread, call);
                }
            } catch (java.nio.file.NoSuchFileException e) {
                // it has ended meanwhile
            }
        }
        return reads;
    }

    private static boolean looksAtStdin(Path thread, String call) {
        String[] words = call.split(" ", -1);
        if (!EPOLL_WAITS.contains(words[0]) || words.length <= TIMEOUT || !isForEver(words[TIMEOUT])) {
            return false;
        }
        try {
            Path epoll = thread.resolve("fdinfo").resolve(String.valueOf(Integer.decode(words[EPOLL])));
            return LOOKS_AT_STDIN
                    .matcher(Files.readString(epoll, StandardCharsets.US_ASCII))
                    .find();
        } catch (IOException | NumberFormatException e) {
            return false; // it has ended meanwhile, or we may not look
        }
    }

    /** Minus one, as an int. */
    private static boolean isForEver(String hex) {
        return (int) Long.parseUnsignedLong(hex.substring(2), 16) == -1;
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
