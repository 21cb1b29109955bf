package dev.onpyrunner.dependencies;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Makes one set of packages, from what a program names to a folder that jails may see. All methods block. */
final class Installer {
    private static final String FOR_ALL = "rwxr-xr-x";

    private final DependencySettings settings;
    private final PackageSets sets;
    private final Uv uv;

    /** A set that is complete: where it is and how large. */
    record Made(Path folder, long bytes) {}

    Installer(DependencySettings settings, PackageSets sets, Uv uv) {
        this.settings = settings;
        this.sets = sets;
        this.uv = uv;
    }

    /**
     * Makes one.
     *
     * @param progress is told, in a sentence, what is being fetched
     * @param unwanted whether nobody waits for it any more
     * @throws DependencyException when it cannot be had
     */
    Made make(String key, List<Requirement> wanted, String version, Consumer<String> progress, BooleanSupplier unwanted)
            throws IOException, InterruptedException {
        Path folder = sets.begin();
        try {
            Uv.Task task = uv.new Task(folder, version, unwanted);
            List<Uv.Pinned> chosen = task.resolve(wanted);
            requireAllowed(chosen.stream().map(Uv.Pinned::name).toList(), wanted);
            progress.accept("Installing " + chosen.size() + (chosen.size() == 1 ? " package: " : " packages: ")
                    + chosen.stream().map(Uv.Pinned::toString).collect(Collectors.joining(", ")) + ".");
            Path set = Files.createDirectory(folder.resolve("set"));
            Files.setPosixFilePermissions(set, PosixFilePermissions.fromString(FOR_ALL));
            task.install(set.resolve(Dependencies.PACKAGES));
            long bytes = take(set);
            if (bytes > settings.maxBytes()) {
                throw uv.tooLarge();
            }
            return new Made(sets.complete(key, set, bytes), bytes);
        } finally {
            PackageSets.deleteOrSay(folder);
        }
    }

    /** Also what they need themselves. */
    void requireAllowed(List<String> names, List<Requirement> wanted) {
        List<String> others = names.stream().filter(n -> !settings.allows(n)).toList();
        if (others.isEmpty()) {
            return;
        }
        boolean named = wanted.stream().map(Requirement::name).anyMatch(others::contains);
        throw DependencyException.ofProgram((others.size() == 1 ? "The package " : "The packages ")
                + String.join(", ", others.subList(0, Math.min(others.size(), 10)))
                + (named ? "" : ", which the program's packages need,")
                + (others.size() == 1 ? " is" : " are") + " not among those that this server installs.");
    }

    /** Makes it ours, and readable for all; brings its size. Folders and regular files are all that it may have. */
    private static long take(Path set) throws IOException {
        Object user = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        Object group = Files.getAttribute(Path.of("/proc/self"), "unix:gid");
        long[] bytes = {0};
        Files.walkFileTree(set, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) throws IOException {
                take(dir, FOR_ALL);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (!attributes.isRegularFile()) {
                    throw new IOException("a package has what is neither a file nor a folder: " + file.getFileName());
                }
                bytes[0] += Uv.onDisk(attributes.size());
                Set<PosixFilePermission> modes = Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS);
                take(file, modes.contains(PosixFilePermission.OWNER_EXECUTE) ? FOR_ALL : "rw-r--r--");
                return FileVisitResult.CONTINUE;
            }

            private void take(Path path, String modes) throws IOException {
                if (!Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS)
                        .equals(user)) {
                    Files.setAttribute(path, "unix:uid", user, LinkOption.NOFOLLOW_LINKS);
                    Files.setAttribute(path, "unix:gid", group, LinkOption.NOFOLLOW_LINKS);
                }
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(modes));
            }
        });
        return bytes[0];
    }
}
