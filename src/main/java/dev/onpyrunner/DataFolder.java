package dev.onpyrunner;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A node's data folder: held by one node at a time, which says there where it can be reached. */
final class DataFolder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DataFolder.class);
    private static final String URL = "node.url";
    private static final String LOCK = "lock";

    private final Path folder;
    private final FileChannel channel;

    private DataFolder(Path folder, FileChannel channel) {
        this.folder = folder;
        this.channel = channel;
    }

    /**
     * Takes the folder, and makes it when it does not exist.
     *
     * @throws IOException when another node holds it, or it cannot be written
     */
    static DataFolder lock(Path folder) throws IOException {
        FileChannel channel;
        try {
            Files.createDirectories(folder);
            channel = FileChannel.open(folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (AccessDeniedException e) {
            throw new IOException("data_dir: this user may not write in " + folder + ".", e);
        }
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                String pid = ProcessHandle.current().pid() + "\n";
                channel.truncate(0).write(ByteBuffer.wrap(pid.getBytes(StandardCharsets.US_ASCII)));
                return new DataFolder(folder, channel);
            }
        } catch (OverlappingFileLockException e) {
            LOG.debug("held by this process", e);
        }
        channel.close();
        String where = findNode(folder).map(u -> " at " + u).orElse("");
        throw new IOException("Another node" + where + " uses the data folder " + folder
                + ". Stop it, or choose another folder with --data.");
    }

    /** The node that holds a folder; empty when none does. */
    static Optional<ProcessHandle> holder(Path folder) throws IOException {
        Path lock = folder.resolve(LOCK);
        if (!Files.exists(lock)) {
            return Optional.empty();
        }
        try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.WRITE)) {
            if (channel.tryLock() != null) {
                return Optional.empty(); // what is in it was written by one that has ended
            }
            return ProcessHandle.of(Long.parseLong(Files.readString(lock).trim()));
        } catch (OverlappingFileLockException e) {
            return Optional.of(ProcessHandle.current());
        } catch (NumberFormatException e) {
            throw new IOException("The node's process cannot be told from " + lock + ".", e);
        }
    }

    /** Where the node that holds a folder can be reached, as far as it has said. */
    static Optional<String> findNode(Path folder) {
        try {
            return Optional.of(Files.readString(folder.resolve(URL)).trim());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    void publish(String url) throws IOException {
        Files.writeString(folder.resolve(URL), url + "\n");
    }

    void unpublish() {
        try {
            Files.deleteIfExists(folder.resolve(URL));
        } catch (IOException e) {
            LOG.warn("{} stays: {}", URL, e.getMessage());
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.warn("the data folder's lock: {}", e.getMessage());
        }
    }
}
