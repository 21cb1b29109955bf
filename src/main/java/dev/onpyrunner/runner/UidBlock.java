package dev.onpyrunner.runner;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * User ids outside the jails that no other node of this machine uses: what the kernel counts for each user (pipe
 * buffers, message queues, pending signals) is then counted for each slot. Kept by a lock on a file, which ends with the
 * process.
 */
final class UidBlock implements Closeable {
    static final int SIZE = 2_000;
    private static final int BLOCKS = 100;

    private final FileChannel file;
    private final int first;

    private UidBlock(FileChannel file, int first) {
        this.file = file;
        this.first = first;
    }

    /**
     * Takes the first free block.
     *
     * @param folder where the locks are
     * @param base the first user id of the first block
     */
    static UidBlock take(Path folder, int base) throws IOException {
        for (int block = 0; block < BLOCKS; block++) {
            int first = base + block * SIZE;
            FileChannel file = open(folder.resolve("onpyrunner-uids-" + first + ".lock"));
            if (file != null) {
                return new UidBlock(file, first);
            }
        }
        throw new IOException("all user ids from " + base + " on are taken by other nodes");
    }

    /** Null when the block is another node's, or somebody keeps us from the file. */
    private static FileChannel open(Path path) {
        try {
            Object self = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
            if (Files.exists(path, LinkOption.NOFOLLOW_LINKS) && !self.equals(owner(path))) {
                Files.delete(path); // put there by another user, who could hold its lock for ever
            }
            FileChannel file = FileChannel.open(
                    path,
                    Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            if (!self.equals(owner(path))) {
                file.close();
                return null;
            }
            return locked(file);
        } catch (IOException e) {
            return null;
        }
    }

    private static Object owner(Path path) throws IOException {
        return Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    }

    private static FileChannel locked(FileChannel file) throws IOException {
        FileLock lock = null;
        try {
            lock = file.tryLock();
        } catch (OverlappingFileLockException e) {
            // another node of this process
        } finally {
            if (lock == null) {
                file.close();
            }
        }
        return lock == null ? null : file;
    }

    int uid(int slot) {
        return first + slot;
    }

    /** Of the one who owns the jails' user namespaces, where it is not this node's own user. */
    int owner() {
        return first + SIZE - 1;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
