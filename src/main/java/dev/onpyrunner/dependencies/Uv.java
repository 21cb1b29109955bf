package dev.onpyrunner.dependencies;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The program uv, which knows indexes, versions and wheels. It takes wheels only, so nothing of a package is run; has a user
 * of its own where this node is root, no environment and no settings but ours; and is ended when it takes too long or
 * too much room. All methods block.
 */
final class Uv {
    private static final Logger LOG = LoggerFactory.getLogger(Uv.class);
    private static final long LOOK_MS = 100;
    private static final long BLOCK = 4_096;
    private static final int MOST_SAID = 8_192;
    private static final int MOST_SHOWN = 600;
    private static final int MOST_PINNED = 1 << 20;
    /** What Java makes of SIGXFSZ: a file was to be larger than all packages may be. */
    private static final int FILE_TOO_LARGE = 128 + 25;
    /** uv's own code for requirements that cannot be met; others are for its own failures. */
    private static final int NOT_POSSIBLE = 1;

    private static final Pattern PINNED =
            Pattern.compile("(?<name>[a-z0-9]++(?:-[a-z0-9]++)*+)==(?<version>[A-Za-z0-9.!+_-]{1,100}+)(?: \\\\)?+");
    private static final Pattern HASH = Pattern.compile(" {4}--hash=sha256:[0-9a-f]{64}(?: \\\\)?+");

    /** Of the node's environment: how to get out to an index, and whom to trust. */
    private static final List<String> PASSED_ON = List.of(
            "SSL_CERT_FILE",
            "SSL_CERT_DIR",
            "HTTPS_PROXY",
            "HTTP_PROXY",
            "ALL_PROXY",
            "NO_PROXY",
            "https_proxy",
            "http_proxy",
            "all_proxy",
            "no_proxy");

    private static final String PROJECT = "pyproject.toml";
    private static final String PINS = "pinned.txt";

    private final DependencySettings settings;
    private final Path program;
    private final Path python;
    private final OptionalInt user;

    /** One of the packages that were chosen. */
    record Pinned(String name, String version) {
        @Override
        public String toString() {
            return name + " " + version;
        }
    }

    /** {@code user}: who runs it; empty for this node's own. */
    Uv(DependencySettings settings, Path program, Path python, OptionalInt user) {
        this.settings = settings;
        this.program = program;
        this.python = python;
        this.user = user;
    }

    /** One program's packages, from the choice to their files. */
    final class Task {
        private final Path folder;
        /** All that uv itself may write in, beside the packages. */
        private final Path work;

        private final String version;
        private final BooleanSupplier unwanted;
        private final long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(settings.timeoutMs());

        /**
         * Makes one.
         *
         * @param folder empty, and for this task alone
         * @param version of Python
         * @param unwanted whether nobody waits for it any more
         */
        Task(Path folder, String version, BooleanSupplier unwanted) throws IOException {
            this.folder = folder;
            this.version = version;
            this.unwanted = unwanted;
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
            work = give(folder.resolve("work"));
        }

        private Path give(Path path) throws IOException {
            Files.createDirectory(path);
            if (user.isPresent()) {
                Files.setAttribute(path, "unix:uid", user.getAsInt());
                Files.setAttribute(path, "unix:gid", user.getAsInt());
            }
            return path;
        }

        /** Chooses a version of each package that is needed. */
        List<Pinned> resolve(List<Requirement> wanted) throws IOException, InterruptedException {
            // Not as a list for an installer, which could hold options: in a project file there is room for
            // dependencies alone.
            String list = wanted.stream()
                    .map(r -> '"'
                            + r.text()
                                    .replace("\\", "\\\\")
                                    .replace("\"", "\\\"")
                                    .replace("\t", " ")
                            + '"')
                    .collect(Collectors.joining(", "));
            Path project = folder.resolve(PROJECT);
            Files.writeString(
                    project,
                    "[project]\nname = \"your-program\"\nversion = \"0\"\nrequires-python = \"==" + version
                            + "\"\ndependencies = [" + list + "]\n");
            Files.setPosixFilePermissions(project, PosixFilePermissions.fromString("rw-r--r--"));
            run(
                    "compile",
                    project.toString(),
                    "--generate-hashes",
                    "--no-header",
                    "--no-annotate",
                    "--no-sources",
                    "-o",
                    PINS);
            return pinned();
        }

        private List<Pinned> pinned() throws IOException {
            Path file = work.resolve(PINS);
            if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                throw new IOException("uv has chosen nothing");
            }
            if (Files.size(file) > MOST_PINNED) {
                throw tooMany();
            }
            List<Pinned> all = new ArrayList<>();
            for (String line : Files.readAllLines(file)) {
                Matcher pin = PINNED.matcher(line);
                if (pin.matches()) {
                    all.add(new Pinned(pin.group("name"), pin.group("version")));
                } else if (!HASH.matcher(line).matches()) {
                    throw new IOException("uv chose what is no package of the index: " + Requirement.shown(line));
                }
            }
            if (all.size() > settings.maxPackages()) {
                throw tooMany();
            }
            return all;
        }

        private DependencyException tooMany() {
            return DependencyException.ofProgram("The program needs more than " + settings.maxPackages()
                    + " packages, with all that they need; that is the limit.");
        }

        /** Fetches what was chosen into a folder that this makes. */
        void install(Path target) throws IOException, InterruptedException {
            give(target);
            run(
                    "install",
                    "--no-deps",
                    "--require-hashes",
                    "--link-mode",
                    "hardlink",
                    "--target",
                    target.toString(),
                    "-r",
                    PINS);
        }

        private void run(String what, String... arguments) throws IOException, InterruptedException {
            List<String> command = new ArrayList<>(List.of(
                    "setsid",
                    "prlimit",
                    "--core=0",
                    "--fsize=" + settings.maxBytes(),
                    "setpriv",
                    "--pdeathsig",
                    "KILL"));
            command.add("--no-new-privs");
            if (user.isPresent()) {
                String id = String.valueOf(user.getAsInt());
                command.addAll(List.of("--reuid", id, "--regid", id, "--clear-groups"));
                command.addAll(List.of("--inh-caps", "-all", "--ambient-caps", "-all", "--bounding-set", "-all"));
            }
            command.addAll(List.of(program.toString(), "pip", what));
            command.addAll(List.of(arguments));
            command.addAll(List.of("--no-build", "--python", python.toString(), "--python-version", version));
            if (settings.isFolder()) {
                command.addAll(List.of("--no-index", "--find-links", settings.index()));
            }
            Path log = folder.resolve(what + ".log");
            ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(work.toFile())
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile());
            environment(builder.environment());
            Process process = builder.start();
            try {
                watch(process);
            } finally {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly().waitFor();
            }
            judge(what, process.exitValue(), log);
        }

        private void environment(Map<String, String> environment) {
            Map<String, String> ours = Map.copyOf(environment);
            environment.clear();
            PASSED_ON.stream().filter(ours::containsKey).forEach(name -> environment.put(name, ours.get(name)));
            String home = work.toString();
            environment.putAll(Map.of("PATH", "/usr/bin:/bin", "HOME", home, "TMPDIR", home, "LANG", "C.UTF-8"));
            environment.putAll(Map.of(
                    "UV_CACHE_DIR", work.resolve("cache").toString(),
                    "UV_NO_CONFIG", "1",
                    "UV_NO_PROGRESS", "1",
                    "UV_KEYRING_PROVIDER", "disabled",
                    "UV_PYTHON_DOWNLOADS", "never",
                    "UV_HTTP_RETRIES", "1",
                    "NO_COLOR", "1"));
            if (!settings.isFolder() && !settings.isOwnOfUv()) {
                environment.put("UV_DEFAULT_INDEX", settings.index()); // not an argument: it may hold a password
            }
        }

        private void watch(Process process) throws IOException, InterruptedException {
            while (!process.waitFor(LOOK_MS, TimeUnit.MILLISECONDS)) {
                if (unwanted.getAsBoolean()) {
                    throw new InterruptedException("nobody waits for it");
                }
                if (System.nanoTime() > end) {
                    throw DependencyException.ofSystem("The program's packages did not come within "
                            + settings.timeoutMs() / 1000.0 + " s, the limit for that. Try again, or name fewer.");
                }
                if (size(folder) > settings.maxBytes()) {
                    throw tooLarge();
                }
            }
        }

        private void judge(String what, int code, Path log) throws IOException {
            if (code == 0) {
                return;
            }
            if (code == FILE_TOO_LARGE) {
                throw tooLarge();
            }
            String said = said(log);
            if (code == NOT_POSSIBLE && what.equals("compile")) {
                throw DependencyException.ofProgram("The program's packages cannot be had. " + shown(said));
            }
            LOG.error("uv pip {} ended with {}: {}", what, code, said.replaceAll("\\p{Cntrl}+", " "));
            throw DependencyException.ofSystem(
                    "The program's packages could not be fetched. This is not the program's fault; run it again.");
        }

        /** What uv says is the index' text, too, and may name where it is. */
        private String shown(String said) {
            String text = said.replace(settings.index(), "the index")
                    .replaceAll("(?m)^ *+(?:error: .*|cause:|hint: .*)", "")
                    .replaceAll("[^\\x21-\\x7e]+", " ")
                    .strip();
            return text.length() > MOST_SHOWN ? text.substring(0, MOST_SHOWN) + "…" : text;
        }

        private String said(Path log) throws IOException {
            try (var in = Files.newInputStream(log)) {
                return new String(in.readNBytes(MOST_SAID), StandardCharsets.UTF_8);
            }
        }
    }

    DependencyException tooLarge() {
        long mib = settings.maxBytes() >> 20;
        return DependencyException.ofProgram("The program's packages are larger than "
                + (mib > 0 ? mib + " MiB" : settings.maxBytes() + " bytes") + " together, the limit.");
    }

    /** About what a file takes: many that are empty are not nothing. */
    static long onDisk(long size) {
        return Math.max(BLOCK, size);
    }

    /** A file that has several names is counted once. It may be gone when it is looked at. */
    private static long size(Path tree) throws IOException {
        long[] bytes = {0};
        Files.walkFileTree(tree, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                try {
                    bytes[0] +=
                            onDisk(attributes.size()) / Math.max(1, (Integer) Files.getAttribute(file, "unix:nlink"));
                } catch (NoSuchFileException e) {
                    LOG.trace("gone: {}", file);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path dir, IOException e) {
                return FileVisitResult.CONTINUE;
            }
        });
        return bytes[0];
    }
}
