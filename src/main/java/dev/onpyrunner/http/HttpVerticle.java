package dev.onpyrunner.http;

import dev.onpyrunner.job.ApiKeys;
import dev.onpyrunner.job.FreeSlots;
import dev.onpyrunner.job.JobBus;
import dev.onpyrunner.job.JobMeters;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.Nodes;
import dev.onpyrunner.job.QueueSettings;
import dev.onpyrunner.job.RunningJobs;
import dev.onpyrunner.job.Tickets;
import dev.onpyrunner.redis.RedisLink;
import dev.onpyrunner.redis.RedisSettings;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.ext.web.Router;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;

/** Serves HTTP on one event loop, with one connection to Redis of its own. Nothing here blocks. */
public final class HttpVerticle extends VerticleBase {
    private static final long LAST_REQUESTS_S = 5;
    private static final int IDLE_S = 60;
    /** Longest message of a WebSocket's client, in bytes: 64 KiB of input, each byte as six characters of JSON. */
    private static final int MAX_MESSAGE = 512 * 1024;

    private final HttpSettings settings;
    private final RedisSettings redis;
    private final QueueSettings queue;
    private final Node node;
    private RedisLink link;
    private HttpServer server;
    private Waits waits;
    private Runnable endStreams = () -> {};

    /** What this verticle has to know of the node around it. */
    public interface Node {
        /** Its name, part of a bus address. */
        String name();

        /** Whether it takes jobs: with the role alone it serves health and nothing else. */
        boolean takesJobs();

        /** Whether it is up and does not drain. */
        BooleanSupplier ready();

        /** Where its jobs' events go. */
        JobBus bus();

        /** What it has done, for whoever measures it. */
        JobMeters meters();

        /**
         * Adds the routes of the live console; returns what ends its streams.
         *
         * @param problems what a client is told of a failure, at an address
         */
        Runnable mountConsole(
                Router router, Vertx vertx, JobStore store, BiFunction<Throwable, String, JsonObject> problems);

        /** Slots of this node in which jobs may start as they come. */
        FreeSlots freeSlots();

        /** Adds the routes of other protocols than REST, over the same jobs. */
        void mountDoors(Router router, Desk desk);

        /** The certificate to show, and its key; empty for no TLS. */
        Optional<KeyCertOptions> certificate();

        /** Hears of a server once it listens. */
        void listening(HttpServer server);
    }

    public HttpVerticle(HttpSettings settings, RedisSettings redis, QueueSettings queue, Node node) {
        this.settings = settings;
        this.redis = redis;
        this.queue = queue;
        this.node = node;
    }

    @Override
    public Future<?> start() {
        // One address for each instance: the answer to a waiting request needs no lookup.
        String address = "onpyrunner.node." + node.name() + "." + UUID.randomUUID();
        return RedisLink.open(vertx, redis, "http")
                .onSuccess(l -> link = l)
                .compose(l -> {
                    JobStore store = new JobStore(l, queue, node.meters(), node.freeSlots());
                    waits = new Waits(vertx, store, node.bus(), settings.maxWaiting(), settings.maxWaitS());
                    Routes routes = Routes.of(
                            vertx,
                            settings,
                            store,
                            new RunningJobs(l, queue),
                            new Nodes(l, queue),
                            new ApiKeys(l, queue),
                            new Tickets(l, queue),
                            waits,
                            node,
                            address);
                    endStreams = routes.endStreams();
                    Future<Void> bus = node.takesJobs()
                            ? new BusService(vertx, settings, store, node.bus(), node.ready()).listen()
                            : Future.succeededFuture();
                    return Future.all(waits.listen(address), bus).map(routes.router());
                })
                .compose(router -> {
                    HttpServerOptions options = new HttpServerOptions()
                            .setHost(settings.host())
                            .setPort(settings.port())
                            // On shutdown some clients fail a request in flight when it came by clear-text HTTP/2.
                            .setHttp2ClearTextEnabled(false)
                            // Longer than any wait, and than the pause between two signs of life of a stream.
                            .setIdleTimeout(settings.maxWaitS() + IDLE_S)
                            .setMaxWebSocketFrameSize(MAX_MESSAGE)
                            .setMaxWebSocketMessageSize(MAX_MESSAGE)
                            // It would keep a third of a megabyte for each viewer.
                            .setPerMessageWebSocketCompressionSupported(false)
                            .setPerFrameWebSocketCompressionSupported(false);
                    options.addWebSocketSubProtocol("onpyrunner.v1");
                    node.certificate().ifPresent(pair -> options.setSsl(true).setKeyCertOptions(pair));
                    server = vertx.createHttpServer(options)
                            .requestHandler(request -> {
                                Problems.name(request);
                                router.handle(request);
                            })
                            .invalidRequestHandler(Problems::answerInvalid);
                    return server.listen();
                })
                .onSuccess(s -> node.listening(s));
    }

    /** Answers what waits, ends the consoles, lets other requests end, closes. */
    @Override
    public Future<?> stop() {
        waits.endAll();
        endStreams.run();
        return server.shutdown(LAST_REQUESTS_S, TimeUnit.SECONDS).eventually(link::close);
    }
}
