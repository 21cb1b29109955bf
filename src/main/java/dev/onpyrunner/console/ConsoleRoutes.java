package dev.onpyrunner.console;

import dev.onpyrunner.job.EventId;
import dev.onpyrunner.job.JobBus;
import dev.onpyrunner.job.JobFeeds;
import dev.onpyrunner.job.JobId;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.Refusal;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.net.URI;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.function.BiFunction;

/** {@code /v1/jobs/{id}/events} and {@code /console}: viewers of one job. Confined to one event loop. */
public final class ConsoleRoutes {
    /** How often each viewer is looked at: whether it reads, and whether it was silent for long. */
    private static final long LOOK_MS = 1_000;

    private static final long UNREAD_MS = 60_000;

    private final Vertx vertx;
    private final JobStore store;
    private final BiFunction<Throwable, String, JsonObject> problems;
    private final Set<String> origins;
    private final long unreadMs;
    private final long lookMs;
    private final JobFeeds feeds;
    private final JobBus bus;
    private final SharedText<String> socketTexts = new SharedText<>(ConsoleSocket::text);
    private final SharedText<Buffer> sseTexts = new SharedText<>(SseViewer::text);
    private final Set<LiveViewer> viewers = new HashSet<>();
    /** Runs while there are viewers. */
    private long timer;

    private ConsoleRoutes(
            Vertx vertx,
            JobStore store,
            JobBus bus,
            BiFunction<Throwable, String, JsonObject> problems,
            Set<String> origins,
            long unreadMs) {
        this.vertx = vertx;
        this.store = store;
        this.problems = problems;
        this.origins = Set.copyOf(origins);
        this.unreadMs = unreadMs;
        this.lookMs = Math.min(LOOK_MS, unreadMs);
        this.feeds = new JobFeeds(vertx, store, bus);
        this.bus = bus;
    }

    /**
     * Adds the routes; the result ends all streams, for when the node stops: clients come back to any other node.
     *
     * @param problems what a client is told of a failure, at an address
     * @param origins whose pages may open a console, besides this server's own; such as {@code https://example.org}
     */
    public static Runnable mount(
            Router router,
            Vertx vertx,
            JobStore store,
            JobBus bus,
            BiFunction<Throwable, String, JsonObject> problems,
            Set<String> origins) {
        return mount(router, vertx, store, bus, problems, origins, UNREAD_MS);
    }

    /** The same, with another patience for a viewer that reads nothing, in milliseconds. */
    static Runnable mount(
            Router router,
            Vertx vertx,
            JobStore store,
            JobBus bus,
            BiFunction<Throwable, String, JsonObject> problems,
            Set<String> origins,
            long unreadMs) {
        ConsoleRoutes routes = new ConsoleRoutes(vertx, store, bus, problems, origins, unreadMs);
        router.get("/v1/jobs/:id/events")
                .method(HttpMethod.HEAD)
                .produces("text/event-stream")
                .handler(routes::events);
        router.get("/v1/jobs/:id/console").handler(routes::console);
        return routes::endAll;
    }

    private void endAll() {
        Set.copyOf(viewers).forEach(LiveViewer::drain);
    }

    private static JobId id(RoutingContext ctx) {
        if (!JobId.isWellFormed(ctx.pathParam("id"))) {
            throw new Refusal.NoSuchJob();
        }
        return new JobId(ctx.pathParam("id"));
    }

    private static EventId after(RoutingContext ctx) {
        String last = ctx.request().getHeader("Last-Event-ID");
        String text = last != null && !last.isEmpty() ? last : ctx.request().getParam("after");
        if (text == null || text.isEmpty()) {
            return EventId.START;
        }
        return EventId.parse(text)
                .orElseThrow(() -> new HttpException(
                        400, "The event id must be two numbers with '-' between, as events have it."));
    }

    private void events(RoutingContext ctx) {
        JobId id = id(ctx);
        EventId after = after(ctx);
        store.find(id).onFailure(ctx::fail).onSuccess(job -> {
            if (ctx.response().closed()) {
                return;
            }
            HttpServerResponse response = ctx.response()
                    .putHeader(HttpHeaders.CONTENT_TYPE, "text/event-stream")
                    .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                    .putHeader("X-Accel-Buffering", "no");
            if (ctx.request().method().equals(HttpMethod.HEAD)) {
                response.end();
                return;
            }
            response.setChunked(true);
            SseViewer viewer = new SseViewer(response, sseTexts);
            follow(id, after, viewer);
            viewer.start();
            response.endHandler(v -> over(viewer));
            response.closeHandler(v -> over(viewer));
        });
    }

    private void follow(JobId id, EventId after, LiveViewer viewer) {
        viewer.at(feeds.open(id, after, viewer));
        viewers.add(viewer);
        if (viewers.size() == 1) {
            timer = vertx.setPeriodic(lookMs, t -> Set.copyOf(viewers).forEach(v -> v.look(unreadMs)));
        }
    }

    private void over(LiveViewer viewer) {
        if (viewers.remove(viewer)) {
            viewer.stop();
        }
        if (viewers.isEmpty()) {
            vertx.cancelTimer(timer);
        }
    }

    private void console(RoutingContext ctx) {
        JobId id = id(ctx);
        EventId after = after(ctx);
        requireHandshake(ctx);
        if (!isWelcome(ctx, origins)) {
            throw new HttpException(
                    403, "The console may only be opened from this server's own page, or one of http.allowed_origins.");
        }
        ctx.request().pause();
        store.find(id)
                .compose(job -> {
                    ctx.request().resume();
                    return ctx.request().toWebSocket().onSuccess(ws -> {
                        ConsoleSocket socket = new ConsoleSocket(vertx, store, bus, problems, id, ws, socketTexts);
                        follow(id, after, socket);
                        socket.start(job);
                        ws.closeHandler(v -> over(socket));
                    });
                })
                .onFailure(e -> {
                    ctx.request().resume();
                    ctx.fail(e);
                });
    }

    /** RFC 6455, section 4.2.1. Vert.x would answer a bad handshake by itself, and not as a problem. */
    private static void requireHandshake(RoutingContext ctx) {
        HttpServerRequest request = ctx.request();
        String connection = String.join(",", request.headers().getAll(HttpHeaders.CONNECTION));
        if (!"websocket".equalsIgnoreCase(request.getHeader(HttpHeaders.UPGRADE))
                || !connection.toLowerCase(Locale.ROOT).contains("upgrade")) {
            throw new HttpException(400, "This address is a WebSocket. Open it as ws:// or wss://.");
        }
        if (!"13".equals(request.getHeader("Sec-WebSocket-Version"))) {
            ctx.response().putHeader("Sec-WebSocket-Version", "13");
            throw new HttpException(400, "Only version 13 of the WebSocket protocol is spoken here.");
        }
        if (request.getHeader("Sec-WebSocket-Key") == null) {
            throw new HttpException(400, "The WebSocket handshake has no Sec-WebSocket-Key.");
        }
    }

    /** A page of another origin must not open a console in its visitor's name; programs send no Origin. */
    static boolean isWelcome(RoutingContext ctx, Set<String> origins) {
        String origin = ctx.request().getHeader(HttpHeaders.ORIGIN);
        if (origin == null || origins.contains(origin)) {
            return true;
        }
        try {
            String host = ctx.request().getHeader(HttpHeaders.HOST);
            return URI.create(origin).getRawAuthority() != null
                    && URI.create(origin).getRawAuthority().equalsIgnoreCase(host);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
