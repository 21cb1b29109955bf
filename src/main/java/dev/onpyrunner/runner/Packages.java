package dev.onpyrunner.runner;

import dev.onpyrunner.dependencies.Dependencies;
import dev.onpyrunner.dependencies.DependencySettings;
import dev.onpyrunner.job.JobFile;
import dev.onpyrunner.job.JobSpec;
import dev.onpyrunner.job.RuntimeCatalog;
import dev.onpyrunner.job.RuntimeInfo;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.function.Consumer;

/** The packages that this node's programs name, fetched by a user of its own where this node is root. */
final class Packages {
    private final Dependencies dependencies;
    private final UidBlock uids;

    private Packages(Dependencies dependencies, UidBlock uids) {
        this.dependencies = dependencies;
        this.uids = uids;
    }

    /**
     * Opens them, by settings that have them turned on. Blocks.
     *
     * @throws IOException with a sentence that says what is wrong
     */
    static Packages open(Vertx vertx, Context context, RunnerSettings settings) throws IOException {
        DependencySettings wanted = settings.dependencies().orElseThrow();
        boolean asRoot = Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
        UidBlock uids =
                asRoot ? UidBlock.take(Path.of(System.getProperty("java.io.tmpdir")), settings.uidBase()) : null;
        try {
            OptionalInt user = asRoot ? OptionalInt.of(uids.owner()) : OptionalInt.empty();
            return new Packages(Dependencies.open(vertx, context, wanted, settings.python(), user), uids);
        } catch (IOException | RuntimeException e) {
            if (uids != null) {
                uids.close();
            }
            throw e;
        }
    }

    /** Gets those of a job's program; {@code progress} is told what is being fetched. */
    Dependencies.Provision provide(JobSpec spec, RuntimeCatalog runtimes, Consumer<String> progress) {
        RuntimeInfo runtime = runtimes.own().stream()
                .filter(r -> r.name().equals(spec.runtime()))
                .findFirst()
                .orElseThrow();
        return dependencies.provide(
                program(spec),
                new Dependencies.Python(runtime.name(), runtime.implementation(), runtime.version()),
                progress);
    }

    /** The file that is run. */
    static Buffer program(JobSpec spec) {
        return spec.files().stream()
                .filter(f -> f.path().equals(spec.entry()))
                .map(JobFile::content)
                .findFirst()
                .orElseThrow();
    }

    /** Completes when nothing of it is left. */
    Future<Void> close() {
        return dependencies.close().eventually(() -> {
            try {
                if (uids != null) {
                    uids.close();
                }
                return Future.succeededFuture();
            } catch (IOException e) {
                return Future.failedFuture(e);
            }
        });
    }
}
