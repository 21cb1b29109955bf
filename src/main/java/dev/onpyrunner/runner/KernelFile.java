package dev.onpyrunner.runner;

import java.io.Closeable;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A small file of the kernel that is asked again and again. It stays open: to open it each time costs more than to read it.
 *
 * <p>Not for lists of processes, of which version 1 of the control groups shows an open file the same one for a second. Any thread may use it.
 */
final class KernelFile {
    private static final int MOST_BYTES = 4096;
    private static final int SMALL_BYTES = 512;

    private final RandomAccessFile file;
    private final byte[] bytes = new byte[MOST_BYTES];

    private KernelFile(Path path, String mode) throws IOException {
        this.file = new RandomAccessFile(path.toFile(), mode);
    }

    synchronized void write(Object value) throws IOException {
        file.seek(0);
        file.write(String.valueOf(value).getBytes(StandardCharsets.US_ASCII));
    }

    private synchronized String text() throws IOException {
        file.seek(0);
        int count = file.read(bytes);
        return new String(bytes, 0, Math.max(0, count), StandardCharsets.US_ASCII);
    }

    /**
     * All of a file that is looked at once. {@link Files#readString} would make room for far more than such a file has.
     *
     * @throws java.io.FileNotFoundException when it is not there (any more)
     */
    static String read(Path path) throws IOException {
        byte[] bytes = new byte[SMALL_BYTES];
        int count = 0;
        try (FileInputStream in = new FileInputStream(path.toFile())) {
            for (int more = in.read(bytes); more >= 0; more = in.read(bytes, count, bytes.length - count)) {
                count += more;
                if (count == bytes.length) {
                    bytes = Arrays.copyOf(bytes, 2 * count);
                }
            }
        }
        return new String(bytes, 0, count, StandardCharsets.US_ASCII);
    }

    /** The number that it consists of. */
    long number() throws IOException {
        return Long.parseLong(text().trim());
    }

    /** The number after a name, in lines of "name number"; 0 when there is none. */
    long field(String name) throws IOException {
        return text().lines()
                .filter(l -> l.startsWith(name + " "))
                .mapToLong(l -> Long.parseLong(l.substring(name.length() + 1).trim()))
                .findFirst()
                .orElse(0);
    }

    /** The files of one group, to be closed together. */
    static final class Opened implements Closeable {
        private final List<KernelFile> files = new ArrayList<>();

        KernelFile readable(Path path) throws IOException {
            return open(path, "r");
        }

        KernelFile writable(Path path) throws IOException {
            return open(path, "rw");
        }

        /** The file, if this kernel has it. */
        Optional<KernelFile> readableIfThere(Path path) throws IOException {
            return Files.exists(path) ? Optional.of(readable(path)) : Optional.empty();
        }

        /** The file, if this kernel has it. */
        Optional<KernelFile> writableIfThere(Path path) throws IOException {
            return Files.exists(path) ? Optional.of(writable(path)) : Optional.empty();
        }

        private KernelFile open(Path path, String mode) throws IOException {
            KernelFile opened = new KernelFile(path, mode);
            files.add(opened);
            return opened;
        }

        @Override
        public void close() throws IOException {
            for (KernelFile each : files) {
                each.file.close();
            }
        }
    }
}
