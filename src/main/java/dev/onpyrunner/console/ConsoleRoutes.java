package dev.onpyrunner.console;

import dev.onpyrunner.job.EventBatch;
import dev.onpyrunner.job.EventId;
import dev.onpyrunner.job.JobFeed;
import dev.onpyrunner.job.JobId;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.Refusal;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.net.URI;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;

/** {@code /v1/jobs/{id}/events} and {@code /console}: viewers of one job. Confined to one event loop. */
public final class ConsoleRoutes {
    private static final long COMMENT_MS = 15_000;

    private static final long UNREAD_MS = 60_000;

    private final Vertx vertx;
    private final JobStore store;
    private final BiFunction<Throwable, String, JsonObject> problems;
    private final long unreadMs;
    private final Set<ConsoleSocket> sockets = new HashSet<>();
    private final Set<HttpServerResponse> streams = new HashSet<>();

    private ConsoleRoutes(
            Vertx vertx, JobStore store, BiFunction<Throwable, String, JsonObject> problems, long unreadMs) {
        this.vertx = vertx;
        this.store = store;
        this.problems = problems;
        this.unreadMs = unreadMs;
    }

    /**
     * Adds the routes; the result ends all streams, for when the node stops: clients come back to any other node.
     *
     * @param problems what a client is told of a failure, at an address
     */
    public static Runnable mount(
            Router router, Vertx vertx, JobStore store, BiFunction<Throwable, String, JsonObject> problems) {
        return mount(router, vertx, store, problems, UNREAD_MS);
    }

    /** The same, with another patience for a console that reads nothing, in milliseconds. */
    static Runnable mount(
            Router router,
            Vertx vertx,
            JobStore store,
            BiFunction<Throwable, String, JsonObject> problems,
            long unreadMs) {
        ConsoleRoutes routes = new ConsoleRoutes(vertx, store, problems, unreadMs);
        router.get("/v1/jobs/:id/events")
                .method(HttpMethod.HEAD)
                .produces("text/event-stream")
                .handler(routes::events);
        router.get("/v1/jobs/:id/console").handler(routes::console);
        return routes::endAll;
    }

    private void endAll() {
        Set.copyOf(sockets).forEach(ConsoleSocket::drain);
        Set.copyOf(streams).forEach(HttpServerResponse::end);
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
            response.write(":\n\n"); // the headers leave at once
            stream(response, id, after);
        });
    }

    private void stream(HttpServerResponse response, JobId id, EventId after) {
        // The write queue alone lets megabytes pass before it counts as full; one batch at a time is a bound.
        AtomicReference<JobFeed> own = new AtomicReference<>();
        AtomicBoolean writing = new AtomicBoolean();
        JobFeed feed = JobFeed.open(vertx, store, id, after, new JobFeed.Viewer() {
            @Override
            public boolean isFull() {
                return writing.get();
            }

            @Override
            public void events(EventBatch batch) {
                StringBuilder text = new StringBuilder();
                for (Object o : new JsonArray(batch.json())) {
                    JsonObject event = (JsonObject) o;
                    text.append("id: ").append(event.getString("id")).append('\n');
                    text.append("data: ").append(event.encode()).append("\n\n");
                }
                writing.set(true);
                response.write(text.toString()).onSuccess(v -> {
                    writing.set(false);
                    own.get().resume();
                });
                if (batch.ended()) {
                    response.end();
                }
            }

            @Override
            public void failed(Throwable cause) {
                response.end();
            }
        });
        own.set(feed);
        // A comment now and then keeps proxies from closing a silent stream, and shows us a dead client.
        long timer = vertx.setPeriodic(COMMENT_MS, t -> response.write(":\n\n"));
        streams.add(response);
        response.endHandler(v -> over(response, feed, timer));
        response.closeHandler(v -> over(response, feed, timer));
    }

    private void over(HttpServerResponse response, JobFeed feed, long timer) {
        vertx.cancelTimer(timer);
        streams.remove(response);
        feed.close();
    }

    private void console(RoutingContext ctx) {
        JobId id = id(ctx);
        EventId after = after(ctx);
        requireHandshake(ctx);
        if (!isSameOrigin(ctx)) {
            throw new HttpException(403, "The console may only be opened from this server's own page.");
        }
        ctx.request().pause();
        store.find(id)
                .compose(job -> {
                    ctx.request().resume();
                    return ctx.request().toWebSocket().onSuccess(ws -> {
                        ConsoleSocket socket = new ConsoleSocket(vertx, store, problems, job, ws, unreadMs);
                        sockets.add(socket);
                        socket.open(after, () -> sockets.remove(socket));
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
    private static boolean isSameOrigin(RoutingContext ctx) {
        String origin = ctx.request().getHeader(HttpHeaders.ORIGIN);
        if (origin == null) {
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
