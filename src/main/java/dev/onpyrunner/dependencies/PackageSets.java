package dev.onpyrunner.dependencies;

import dev.onpyrunner.files.FileTree;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Installed packages on disk: a folder for each set, complete from the moment it has its name. One node at a time has the folder
 * of them all. Sets that nobody has used for longest go when there is too much of them; one that a jail has mounted
 * stays until that jail is gone. Confined to one context, except where it says otherwise.
 */
final class PackageSets implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(PackageSets.class);
    private static final String BYTES = "bytes";
    private static final String LOCK = "lock";
    /** {@code key.time}: sets of one key never have the same name. */
    private static final Pattern SET = Pattern.compile("([0-9a-f]{64})\\.([0-9]{1,18})");

    private final Path folder;
    private final FileChannel lock;
    private final long maxAgeMs;
    private final long maxBytes;
    private final Executor remover;
    private final Map<String, Set> current = new HashMap<>();
    private long uses;

    /** One set. */
    private static final class Set {
        final Path path;
        final long bytes;
        final long madeAt;
        int users;
        long lastUse;
        boolean retired;

        Set(Path path, long bytes, long madeAt) {
            this.path = path;
            this.bytes = bytes;
            this.madeAt = madeAt;
        }
    }

    /** Keeps a set where it is until it is closed. */
    final class Use {
        private final Set set;
        private boolean closed;

        private Use(Set set) {
            this.set = set;
            set.users++;
            set.lastUse = ++uses;
        }

        Path folder() {
            return set.path;
        }

        void close() {
            if (!closed) {
                closed = true;
                set.users--;
                removeWhenUnused(set);
            }
        }
    }

    private PackageSets(Path folder, FileChannel lock, long maxAgeMs, long maxBytes, Executor remover) {
        this.folder = folder;
        this.lock = lock;
        this.maxAgeMs = maxAgeMs;
        this.maxBytes = maxBytes;
        this.remover = remover;
    }

    /**
     * Takes the folder, and removes what is not a complete set. Blocks.
     *
     * @param remover where folders are removed
     * @throws IOException with a sentence that says what is wrong
     */
    static PackageSets open(Path folder, long maxAgeMs, long maxBytes, Executor remover) throws IOException {
        Files.createDirectories(folder);
        requirePassable(folder);
        PackageSets sets = new PackageSets(folder, locked(folder), maxAgeMs, maxBytes, remover);
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, Files::isDirectory)) {
            for (Path entry : entries) {
                Matcher name = SET.matcher(entry.getFileName().toString());
                Optional<Long> bytes = name.matches() ? bytes(entry) : Optional.empty();
                if (bytes.isEmpty()) {
                    FileTree.delete(entry);
                    continue;
                }
                Set found = new Set(entry, bytes.get(), Long.parseLong(name.group(2)));
                Set other = sets.current.get(name.group(1));
                Set older = other == null || other.madeAt < found.madeAt ? other : found;
                if (older != found) {
                    sets.current.put(name.group(1), found);
                }
                if (older != null) {
                    FileTree.delete(older.path);
                }
            }
        }
        return sets;
    }

    /** Jails, and whoever fetches packages for us, run as users of their own. */
    static void requirePassable(Path wanted) throws IOException {
        for (Path at = wanted.toRealPath(); at != null; at = at.getParent()) {
            if (!Files.getPosixFilePermissions(at).contains(PosixFilePermission.OTHERS_EXECUTE)) {
                throw new IOException("dependencies: everybody must be allowed to enter " + at
                        + ", for jails and who fetches packages" + " need what is in " + wanted + ": chmod o+x " + at
                        + ", or choose another folder");
            }
        }
    }

    private static FileChannel locked(Path folder) throws IOException {
        FileChannel channel =
                FileChannel.open(folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = null;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            LOG.debug("held by this process", e);
        }
        if (lock == null) {
            channel.close();
            throw new IOException(
                    "dependencies: another node uses the folder " + folder + "; choose another dependencies.folder");
        }
        return channel;
    }

    private static Optional<Long> bytes(Path set) {
        try {
            return Optional.of(Long.valueOf(Files.readString(set.resolve(BYTES))));
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** A folder to make a set in, which is gone with the next start of a node if it is not used. Any thread may ask. */
    Path begin() throws IOException {
        return Files.createTempDirectory(folder, "new-");
    }

    /**
     * Gives a complete set its name. Any thread may ask.
     *
     * @return where it is now
     */
    Path complete(String key, Path made, long bytes) throws IOException {
        Files.writeString(made.resolve(BYTES), String.valueOf(bytes));
        Path named = folder.resolve(key + "." + System.currentTimeMillis());
        try {
            return Files.move(made, named, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            throw new IOException("dependencies: " + folder + " must be on one file system", e);
        }
    }

    /** The set of a key, if there is one that is young enough. */
    Optional<Use> use(String key) {
        Set set = current.get(key);
        if (set == null) {
            return Optional.empty();
        }
        if (System.currentTimeMillis() - set.madeAt > maxAgeMs) {
            current.remove(key);
            retire(set);
            return Optional.empty();
        }
        return Optional.of(new Use(set));
    }

    /** Takes a complete set in, and makes room for it. */
    Use add(String key, Path path, long bytes) {
        Set set = new Set(path, bytes, System.currentTimeMillis());
        Set before = current.put(key, set);
        if (before != null) {
            retire(before);
        }
        Use use = new Use(set);
        makeRoom();
        return use;
    }

    private void makeRoom() {
        long total = current.values().stream().mapToLong(s -> s.bytes).sum();
        for (Map.Entry<String, Set> oldest : current.entrySet().stream()
                .filter(e -> e.getValue().users == 0)
                .sorted(Comparator.comparingLong(e -> e.getValue().lastUse))
                .toList()) {
            if (total <= maxBytes) {
                return;
            }
            total -= oldest.getValue().bytes;
            current.remove(oldest.getKey());
            retire(oldest.getValue());
        }
    }

    private void retire(Set set) {
        set.retired = true;
        removeWhenUnused(set);
    }

    private void removeWhenUnused(Set set) {
        if (set.retired && set.users == 0) {
            remover.execute(() -> deleteOrSay(set.path));
        } else if (set.users == 0) {
            makeRoom(); // what was in use when others came may be too much now
        }
    }

    /** Any thread may ask. */
    static void deleteOrSay(Path tree) {
        try {
            FileTree.delete(tree);
        } catch (IOException e) {
            LOG.warn("packages that nobody uses cannot be removed: {}", e.getMessage());
        }
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
