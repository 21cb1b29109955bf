package dev.onpyrunner.dependencies;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives programs the packages that their headers name: from what is kept, or fetched for them. Two sets are fetched at a
 * time; programs that want the same one wait for it together. Confined to the context on which it was opened.
 */
public final class Dependencies {
    /** The folder, in that of a program's set, which becomes part of {@code sys.path}. */
    static final String PACKAGES = "packages";

    private static final Logger LOG = LoggerFactory.getLogger(Dependencies.class);
    private static final int AT_ONCE = 2;
    private static final String CPYTHON = "CPython";

    private final DependencySettings settings;
    private final Context context;
    private final WorkerExecutor executor;
    private final PackageSets sets;
    private final Installer installer;
    private final Map<String, Install> underway = new HashMap<>();

    /** One set that is being fetched, and those who wait for it. */
    private static final class Install {
        final Promise<Installer.Made> made = Promise.promise();
        final List<Consumer<String>> told = new ArrayList<>();
        String progress;
        int waiters;
        volatile boolean unwanted;
    }

    /** What a program runs with. */
    public record Python(String name, String implementation, String version) {}

    /** One program's packages: there, or on their way, until they are released. */
    public static final class Provision {
        private final Future<Optional<Path>> folder;
        private final Runnable whenReleased;

        private Provision(Future<Optional<Path>> folder, Runnable whenReleased) {
            this.folder = folder;
            this.whenReleased = whenReleased;
        }

        private static Provision of(Future<Optional<Path>> folder) {
            return new Provision(folder, () -> {});
        }

        /**
         * The folder that its jail needs.
         *
         * @return empty when it needs none; fails with {@link DependencyException}
         */
        public Future<Optional<Path>> folder() {
            return folder;
        }

        /** Nobody needs them any more, or waits for them. May be called more than once. */
        public void release() {
            whenReleased.run();
        }
    }

    /** No packages, for a program that needs none. */
    public static final Provision NONE = Provision.of(Future.succeededFuture(Optional.empty()));

    private Dependencies(
            DependencySettings settings,
            Context context,
            WorkerExecutor executor,
            PackageSets sets,
            Installer installer) {
        this.settings = settings;
        this.context = context;
        this.executor = executor;
        this.sets = sets;
        this.installer = installer;
    }

    /**
     * Takes the folder where sets are kept. Blocks.
     *
     * @param settings of a node where it is turned on
     * @param python this machine's own, which tells uv about the machine
     * @param user who fetches packages; empty for this node's own user
     * @throws IOException with a sentence that says what is wrong
     */
    public static Dependencies open(
            Vertx vertx, Context context, DependencySettings settings, Path python, OptionalInt user)
            throws IOException {
        if (!Files.isExecutable(settings.uv())) {
            throw new IOException("dependencies: there is no program uv at '" + settings.uv()
                    + "'. Type: ./onpyrunner runtimes uv; or set ONPY_DEPENDENCIES_UV to its path");
        }
        Path folder = settings.folder().toAbsolutePath();
        if (settings.isFolder()) {
            Path index = Path.of(settings.index());
            if (!Files.isDirectory(index)) {
                throw new IOException("dependencies: there is no folder " + index + ", which the setting index names");
            }
            PackageSets.requirePassable(index);
        }
        WorkerExecutor executor = vertx.createSharedWorkerExecutor(
                "onpyrunner-dependencies-" + folder,
                AT_ONCE,
                2 * settings.timeoutMs() + TimeUnit.MINUTES.toMillis(1),
                TimeUnit.MILLISECONDS);
        PackageSets sets = PackageSets.open(
                folder,
                TimeUnit.SECONDS.toMillis(settings.maxAgeS()),
                settings.cacheBytes(),
                task -> executor.executeBlocking(
                        () -> {
                            task.run();
                            return null;
                        },
                        false));
        // The other user may not be able to go where ours is.
        Path uv = folder.resolve("uv");
        Files.copy(settings.uv(), uv, StandardCopyOption.REPLACE_EXISTING);
        Files.setPosixFilePermissions(uv, PosixFilePermissions.fromString("rwxr-xr-x"));
        LOG.info("packages that programs name are installed: {}", settings);
        Installer installer = new Installer(settings, sets, new Uv(settings, uv, python, user));
        return new Dependencies(settings, context, executor, sets, installer);
    }

    /** Whether a program names dependencies, as far as can be seen at a glance. */
    public static boolean areNamedIn(Buffer program) {
        return ScriptHeader.isIn(program);
    }

    /**
     * Gets a program's packages.
     *
     * @param progress is told, in a sentence, what is being fetched, if anything is
     */
    public Provision provide(Buffer program, Python runtime, Consumer<String> progress) {
        List<Requirement> wanted;
        try {
            Optional<ScriptHeader> header = ScriptHeader.of(program);
            if (header.isEmpty()) {
                return NONE;
            }
            requirePython(header.get(), runtime);
            wanted = header.get().dependencies();
            if (wanted.isEmpty()) {
                return NONE;
            }
            if (!runtime.implementation().equals(CPYTHON)) {
                throw DependencyException.ofProgram("Packages can be installed for CPython only, and the runtime "
                        + runtime.name() + " is " + runtime.implementation() + ".");
            }
            installer.requireAllowed(
                    wanted.stream().map(Requirement::name).distinct().toList(), wanted);
        } catch (DependencyException e) {
            return Provision.of(Future.failedFuture(e));
        }
        String key = key(runtime, wanted);
        return sets.use(key)
                .map(use -> new Provision(Future.succeededFuture(Optional.of(use.folder())), use::close))
                .orElseGet(() -> await(key, wanted, runtime, progress));
    }

    private static void requirePython(ScriptHeader header, Python runtime) {
        header.requiresPython()
                .filter(versions -> !PythonVersions.include(versions, runtime.version()))
                .ifPresent(versions -> {
                    throw DependencyException.ofProgram("The program requires Python "
                            + Requirement.shown(versions) + ", and the runtime " + runtime.name() + " is "
                            + runtime.version() + ".");
                });
    }

    /** What makes a set what it is. */
    private String key(Python runtime, List<Requirement> wanted) {
        List<String> parts = new ArrayList<>(List.of(runtime.name(), runtime.version(), settings.index()));
        parts.add(String.join(" ", settings.allowed()));
        wanted.stream()
                .map(r -> r.text().replaceAll("[ \\t]++", " "))
                .distinct()
                .sorted()
                .forEach(parts::add);
        try {
            byte[] all = String.join("\n", parts).getBytes(StandardCharsets.UTF_8);
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(all));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private Provision await(String key, List<Requirement> wanted, Python runtime, Consumer<String> progress) {
        Install install = underway.get(key);
        if (install == null || install.unwanted) {
            install = start(key, wanted, runtime);
        }
        Install joined = install;
        joined.waiters++;
        joined.told.add(progress);
        if (joined.progress != null) {
            progress.accept(joined.progress);
        }
        PackageSets.Use[] use = {null};
        boolean[] released = {false};
        Future<Optional<Path>> folder = joined.made.future().map(made -> {
            if (released[0]) {
                throw DependencyException.ofSystem("Nobody waits for it.");
            }
            use[0] = sets.use(key).orElseThrow();
            return Optional.of(use[0].folder());
        });
        return new Provision(folder, () -> {
            if (use[0] != null) {
                use[0].close();
            }
            if (!released[0]) {
                released[0] = true;
                joined.told.remove(progress);
                joined.unwanted = --joined.waiters == 0 && !joined.made.future().isComplete();
            }
        });
    }

    private Install start(String key, List<Requirement> wanted, Python runtime) {
        Install install = new Install();
        underway.put(key, install);
        executor.executeBlocking(
                        () -> installer.make(
                                key, wanted, runtime.version(), said -> tell(install, said), () -> install.unwanted),
                        false)
                .onComplete(r -> {
                    underway.remove(key, install);
                    if (r.succeeded()) {
                        PackageSets.Use first =
                                sets.add(key, r.result().folder(), r.result().bytes());
                        install.made.complete(r.result());
                        first.close();
                    } else if (r.cause() instanceof DependencyException) {
                        install.made.fail(r.cause());
                    } else {
                        if (!install.unwanted) {
                            LOG.error("a program's packages could not be fetched", r.cause());
                        }
                        install.made.fail(
                                DependencyException.ofSystem(
                                        "The program's packages could not be fetched. This is not the program's fault; run it again."));
                    }
                });
        return install;
    }

    private void tell(Install install, String said) {
        context.runOnContext(v -> {
            install.progress = said;
            List.copyOf(install.told).forEach(t -> t.accept(said));
        });
    }

    /** Ends what is under way. Completes when nothing of it is left. */
    public Future<Void> close() {
        underway.values().forEach(i -> i.unwanted = true);
        return executor.close().eventually(() -> {
            try {
                sets.close();
                return Future.succeededFuture();
            } catch (IOException e) {
                return Future.failedFuture(e);
            }
        });
    }
}
