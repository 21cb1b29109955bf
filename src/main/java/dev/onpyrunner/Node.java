package dev.onpyrunner;

import dev.onpyrunner.NodeConfig.Role;
import dev.onpyrunner.cluster.Cluster;
import dev.onpyrunner.cluster.ClusterSettings;
import dev.onpyrunner.cluster.Plugins;
import dev.onpyrunner.cluster.TcpBridge;
import dev.onpyrunner.console.ConsoleRoutes;
import dev.onpyrunner.console.SockJsRoutes;
import dev.onpyrunner.http.Desk;
import dev.onpyrunner.http.HttpVerticle;
import dev.onpyrunner.job.FreeSlots;
import dev.onpyrunner.job.JobBus;
import dev.onpyrunner.job.JobMeters;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.Nodes;
import dev.onpyrunner.job.QueueSettings;
import dev.onpyrunner.job.RuntimeCatalog;
import dev.onpyrunner.job.RuntimeInfo;
import dev.onpyrunner.mcp.McpRoutes;
import dev.onpyrunner.redis.EmbeddedRedis;
import dev.onpyrunner.redis.RedisCheck;
import dev.onpyrunner.redis.RedisSettings;
import dev.onpyrunner.runner.RunnerSettings;
import dev.onpyrunner.runner.RunnerVerticle;
import dev.onpyrunner.webhook.WebhookVerticle;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.ThreadingModel;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One node: starts Vert.x, Redis where it is ours, and the verticles of its roles; stops them in order.
 *
 * <p>The order of stopping matters and is the node's own: no more requests taken, running jobs end, streams and requests
 * end, then Redis.
 */
public final class Node implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Node.class);

    /** How long a node that starts waits for its Redis, in milliseconds. */
    private static final long REDIS_MS = 15_000;

    private final NodeConfig config;
    private final Vertx vertx;
    private final String name;
    private final DataFolder folder;
    private final EmbeddedRedis embedded;
    private final RedisSettings redis;
    private final JobBus bus;
    private final JobMeters meters = new JobMeters();
    private volatile IntSupplier running = () -> 0;
    private volatile Consumer<Boolean> pause = drains -> {};
    private volatile FreeSlots slots = FreeSlots.NONE;
    private volatile boolean drains;
    private volatile boolean ready;
    private HttpCertificate certificate;
    private volatile HttpServer server;
    private Plugins plugins;
    private String runner;
    private String http;
    private String webhook;
    private volatile int bridgePort;
    private volatile boolean closed;

    private Node(NodeConfig config, Runnable onFailure) throws IOException {
        this.config = config;
        this.name = UUID.randomUUID().toString().substring(0, 8);
        this.folder = DataFolder.lock(config.dataDir());
        EmbeddedRedis started = null;
        try {
            if (config.redis().isEmbedded()) {
                started = EmbeddedRedis.start(
                        config.redis().server(),
                        config.dataDir().resolve("redis"),
                        config.redis().maxmemoryBytes(),
                        config.redis().fsync(),
                        config.redis().timeoutMs(),
                        onFailure);
            }
            this.embedded = started;
            this.redis = started != null ? started.settings() : config.redis().settings();
        } catch (IOException | RuntimeException e) {
            folder.close();
            throw e;
        }
        VertxOptions options = new VertxOptions().setPreferNativeTransport(true);
        try {
            this.vertx = config.cluster().enabled() ? join(options) : Vertx.vertx(options);
        } catch (IOException | RuntimeException e) {
            if (embedded != null) {
                embedded.stop();
            }
            folder.close();
            throw e;
        }
        this.bus = new JobBus(vertx);
        if (config.cluster().enabled() && config.redis().isEmbedded()) {
            LOG.warn("redis.url is 'embedded': only nodes whose redis.url is this node's Redis share its jobs");
        }
    }

    private Vertx join(VertxOptions options) throws IOException {
        ClusterSettings.Tls tls = config.cluster().tls();
        PemFiles.check("cluster.tls", tls.ca(), tls.certificate(), tls.key());
        return await(Cluster.join(options, config.cluster()));
    }

    /**
     * Starts a node and waits until it is ready. Blocks.
     *
     * @param onFailure run when the node has lost something it cannot go on without
     * @throws IOException with a sentence that says what is wrong and what to do
     */
    public static Node start(NodeConfig config, Runnable onFailure) throws IOException {
        Node node = new Node(config, onFailure);
        try {
            node.deploy();
            return node;
        } catch (IOException | RuntimeException e) {
            node.close();
            throw e;
        }
    }

    private void deploy() throws IOException {
        QueueSettings queue = config.queue();
        Runtimes found = Runtimes.find(config.runner());
        RunnerSettings runnerSettings = config.runnerSettings(found.interpreters());
        boolean runs = config.roles().contains(Role.RUNNER);
        RuntimeCatalog runtimes = new RuntimeCatalog(found.standard(config.jobs()), runs ? found.infos() : List.of());
        if (config.http().tls().isOn()) {
            certificate = HttpCertificate.read(config.http().tls());
        }
        if (!config.redis().isEmbedded()) {
            PemFiles.check(config.redis().tls());
        }
        await(RedisCheck.check(vertx, redis, REDIS_MS)
                .compose(v -> {
                    if (!runs) {
                        return Future.succeededFuture();
                    }
                    RunnerVerticle verticle = new RunnerVerticle(
                            runnerSettings, redis, queue, config.limits().standard(), name, bus, meters, runtimes);
                    String pool = "onpyrunner-runner-" + name;
                    int threads = RunnerVerticle.poolSize(runnerSettings);
                    // Held until Vert.x closes: else the pool would end with the verticle, under its last callbacks.
                    vertx.createSharedWorkerExecutor(pool, threads);
                    return vertx.deployVerticle(
                                    verticle,
                                    new DeploymentOptions()
                                            .setThreadingModel(ThreadingModel.WORKER)
                                            .setWorkerPoolName(pool)
                                            .setWorkerPoolSize(threads))
                            .onSuccess(id -> {
                                runner = id;
                                running = verticle::running;
                                pause = verticle::pause;
                                slots = verticle::reserve;
                            });
                })
                .compose(v -> vertx.deployVerticle(
                        new Housekeeper(redis, queue, bus, meters, () -> info(runtimes), this::drain, runtimes)))
                .compose(v -> vertx.deployVerticle(
                                () -> new HttpVerticle(config.httpSettings(runtimes), redis, queue, face()),
                                new DeploymentOptions().setInstances(instances()))
                        .onSuccess(id -> http = id)));
        if (config.bridge().enabled()) {
            await(vertx.deployVerticle(new TcpBridge(config.bridge(), p -> bridgePort = p)));
        }
        if (config.webhook().isOn()) {
            webhook = await(vertx.deployVerticle(new WebhookVerticle(config.webhook(), redis, queue, bus, meters)));
        }
        if (certificate != null) {
            certificate.keepFresh(vertx, server);
        }
        ready = true;
        plugins = Plugins.deploy(vertx, config.pluginsDir(), config.verticles());
        folder.publish(url());
        LOG.info("node {} is ready: {}", name, config.summary());
    }

    /** What the other nodes hear of this one. */
    private Nodes.Info info(RuntimeCatalog runtimes) {
        boolean runs = config.roles().contains(Role.RUNNER);
        return new Nodes.Info(
                name,
                config.roles().stream()
                        .map(r -> r.name().toLowerCase(Locale.ROOT))
                        .sorted()
                        .toList(),
                runtimes.own().stream().map(RuntimeInfo::name).toList(),
                Main.version(),
                runs ? config.runner().slotsOrCores() : 0,
                runs ? config.runner().interactiveSlotsOrDefault() : 0,
                running.getAsInt(),
                closed || drains);
    }

    /** Whether to take no more jobs to run; requests are served all the same. */
    private void drain(boolean on) {
        drains = on;
        pause.accept(on);
    }

    /** One event loop for each core; a free port can only be shared by one. */
    private int instances() {
        return config.http().port() == 0 || !config.roles().contains(Role.HTTP)
                ? 1
                : Runtime.getRuntime().availableProcessors();
    }

    private HttpVerticle.Node face() {
        return new HttpVerticle.Node() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public boolean takesJobs() {
                return config.roles().contains(Role.HTTP);
            }

            @Override
            public JobBus bus() {
                return bus;
            }

            @Override
            public JobMeters meters() {
                return meters;
            }

            @Override
            public FreeSlots freeSlots() {
                return slots;
            }

            @Override
            public BooleanSupplier ready() {
                return () -> ready;
            }

            @Override
            public Runnable mountConsole(
                    Router router, Vertx v, JobStore store, BiFunction<Throwable, String, JsonObject> problems) {
                Set<String> origins = Set.copyOf(config.http().allowedOrigins());
                if (config.http().sockjs()) {
                    SockJsRoutes.mount(router, v, origins);
                }
                return ConsoleRoutes.mount(router, v, store, bus, problems, origins);
            }

            @Override
            public void mountDoors(Router router, Desk desk) {
                if (config.http().mcp()) {
                    McpRoutes.mount(router, desk, Set.copyOf(config.http().allowedOrigins()), Main.version());
                }
                config.doors().mount(router, desk);
            }

            @Override
            public Optional<KeyCertOptions> certificate() {
                return Optional.ofNullable(certificate).map(HttpCertificate::options);
            }

            @Override
            public void listening(HttpServer one) {
                // Those of all event loops are one.
                server = one;
            }
        };
    }

    /** Waits for a result. Blocks; fails with the sentence of what failed. */
    static <T> T await(Future<T> future) throws IOException {
        try {
            return future.toCompletionStage().toCompletableFuture().join();
        } catch (java.util.concurrent.CompletionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof java.net.BindException) {
                throw new IOException(
                        "The port is taken by another program. Choose another one with --port, or 0 for any.", cause);
            }
            throw new IOException(cause.getMessage(), cause);
        }
    }

    /** The console's address. */
    public String url() {
        String host = config.http().host();
        boolean any = host.equals("0.0.0.0") || host.equals("::");
        String shown = any ? "127.0.0.1" : host.indexOf(':') >= 0 ? "[" + host + "]" : host;
        return (config.http().tls().isOn() ? "https://" : "http://") + shown + ":" + server.actualPort();
    }

    /** How other nodes reach this one's Redis. */
    public RedisSettings redis() {
        return redis;
    }

    /** Where the event bus can be heard over TCP; 0 for nowhere. */
    int bridgePort() {
        return bridgePort;
    }

    /** Vert.x, for verticles that join this node. */
    public Vertx vertx() {
        return vertx;
    }

    /** Drains and stops. Blocks until all is ended; a second call does nothing. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        ready = false;
        folder.unpublish();
        quietly("the plugins", plugins == null ? Future.succeededFuture() : plugins.close());
        quietly("the runner", runner == null ? Future.succeededFuture() : vertx.undeploy(runner));
        quietly("HTTP", http == null ? Future.succeededFuture() : vertx.undeploy(http));
        quietly("the webhook", webhook == null ? Future.succeededFuture() : vertx.undeploy(webhook));
        quietly("Vert.x", vertx.close());
        if (embedded != null) {
            embedded.stop();
        }
        folder.close();
        LOG.info("node {} has stopped", name);
    }

    private static void quietly(String what, Future<?> stopping) {
        try {
            stopping.toCompletionStage().toCompletableFuture().join();
        } catch (java.util.concurrent.CompletionException e) {
            LOG.error("{} did not stop well", what, e.getCause());
        }
    }
}
