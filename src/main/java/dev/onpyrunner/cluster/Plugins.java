package dev.onpyrunner.cluster;

import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.ThreadingModel;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.core.spi.VerticleFactory;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The operator's own verticles, in any language whose factory is in the plugins folder.
 *
 * <p>They are worker verticles with threads of their own, so that one that blocks holds nothing up, and with a class loader
 * that sees the folder's jars and scripts. One that cannot be started is told in the log; the node goes on without it.
 */
public final class Plugins {
    private static final Logger LOG = LoggerFactory.getLogger(Plugins.class);
    private static final String POOL = "onpyrunner-plugins";
    private static final int THREADS = 8;

    private final Vertx vertx;
    private final List<String> deployed = new ArrayList<>();

    private Plugins(Vertx vertx) {
        this.vertx = vertx;
    }

    /**
     * Deploys them one after the other. Blocks.
     *
     * @param folder its jars and the files in it are on their class path; need not exist
     */
    public static Plugins deploy(Vertx vertx, Path folder, List<VerticleSettings> verticles) throws IOException {
        Plugins plugins = new Plugins(vertx);
        if (!verticles.isEmpty()) {
            plugins.deployAll(loader(folder), verticles);
        }
        return plugins;
    }

    // It must outlive all that it has loaded: it ends with the process.
    @SuppressWarnings("resource")
    private static ClassLoader loader(Path folder) throws IOException {
        List<URL> urls = new ArrayList<>();
        if (Files.isDirectory(folder)) {
            urls.add(url(folder));
            try (DirectoryStream<Path> jars = Files.newDirectoryStream(folder, "*.jar")) {
                for (Path jar : jars) {
                    urls.add(url(jar));
                }
            }
        }
        return new URLClassLoader("plugins", urls.toArray(URL[]::new), Plugins.class.getClassLoader());
    }

    private static URL url(Path file) throws MalformedURLException {
        return file.toAbsolutePath().toUri().toURL();
    }

    private void deployAll(ClassLoader loader, List<VerticleSettings> verticles) {
        try {
            for (VerticleFactory factory : ServiceLoader.load(VerticleFactory.class, loader)) {
                // Vert.x has found those on its own class path.
                if (factory.getClass().getClassLoader() == loader) {
                    vertx.registerVerticleFactory(factory);
                }
            }
        } catch (ServiceConfigurationError | LinkageError | RuntimeException e) {
            LOG.error("a language of the plugins folder cannot be used", e);
        }
        for (VerticleSettings verticle : verticles) {
            try {
                checkLanguage(verticle.name());
                deployed.add(vertx.deployVerticle(verticle.name(), options(loader, verticle))
                        .toCompletionStage()
                        .toCompletableFuture()
                        .join());
                LOG.info("verticle {} runs", verticle);
            } catch (RuntimeException | LinkageError e) {
                LOG.error("verticle {} cannot be started; the node goes on without it", verticle, cause(e));
            }
        }
    }

    /** Vert.x would take a name that it does not know for that of a class. */
    private void checkLanguage(String name) {
        int end = name.indexOf(':');
        if (end >= 0
                && vertx.verticleFactories().stream().noneMatch(f -> f.prefix().equals(name.substring(0, end)))) {
            throw new IllegalArgumentException(
                    "there is no factory for '" + name.substring(0, end) + ":' in the plugins folder");
        }
    }

    private static Throwable cause(Throwable e) {
        return e instanceof java.util.concurrent.CompletionException && e.getCause() != null ? e.getCause() : e;
    }

    private static DeploymentOptions options(ClassLoader loader, VerticleSettings verticle) {
        return new DeploymentOptions()
                .setInstances(verticle.instances())
                .setConfig(new JsonObject(verticle.config()))
                .setThreadingModel(ThreadingModel.WORKER)
                .setWorkerPoolName(POOL)
                .setWorkerPoolSize(THREADS)
                .setClassLoader(loader);
    }

    /** Stops them; completes when all have stopped. */
    public Future<?> close() {
        return Future.join(deployed.stream().map(vertx::undeploy).toList());
    }
}
