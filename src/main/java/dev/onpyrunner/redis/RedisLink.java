package dev.onpyrunner.redis;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.impl.types.ErrorType;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One pipelined connection to Redis that comes back by itself.
 *
 * <p>Invariants: at most one connection is open at a time; while none is, commands fail at once with {@link
 * RedisUnavailableException} instead of waiting; a command that is not answered in time closes the connection, because
 * replies come first in, first out, so that every later reply would be late too. Use one link for each context
 * (verticle): its callbacks run there.
 */
public final class RedisLink {
    private static final Logger LOG = LoggerFactory.getLogger(RedisLink.class);
    private static final long FIRST_DELAY_MS = 50;
    private static final long MAX_DELAY_MS = 2_000;
    /** Commands in flight on one connection; beyond it the client refuses, which is our back-pressure. */
    private static final int MAX_IN_FLIGHT = 16_384;
    /** The client says so, as if Redis had, of commands that were under way when the connection ended. */
    private static final String CLOSED = "CONNECTION_CLOSED";

    private final Vertx vertx;
    private final RedisSettings settings;
    private final String name;
    private final long timeoutMs;
    private volatile Redis client;
    private volatile RedisConnection connection;
    private volatile long connectedAtNanos;
    /** Redis' name for the connection of a blocking reader. */
    private volatile long clientId;

    private long delayMs = FIRST_DELAY_MS;
    private volatile boolean closed;

    private RedisLink(Vertx vertx, RedisSettings settings, String name, long timeoutMs) {
        this.vertx = vertx;
        this.settings = settings;
        this.name = name;
        this.timeoutMs = timeoutMs;
    }

    /**
     * Opens a link for ordinary commands.
     *
     * @param name what it is for, as it appears in the log
     * @return the link, or a failure when Redis cannot be reached now
     */
    public static Future<RedisLink> open(Vertx vertx, RedisSettings settings, String name) {
        return open(vertx, settings, name, 0);
    }

    /**
     * Opens a link for a reader that blocks in Redis (BLPOP and its like), which nothing else may use.
     *
     * @param blockMs how long its commands block in Redis, in milliseconds; added to the time-out
     */
    public static Future<RedisLink> open(Vertx vertx, RedisSettings settings, String name, long blockMs) {
        RedisLink link = new RedisLink(vertx, settings, name, settings.timeoutMs() + blockMs);
        return link.connect().map(link);
    }

    /** A blocking reader has to know its name, so that it can be woken. */
    private Future<Void> introduce(RedisConnection c) {
        return timeoutMs == settings.timeoutMs()
                ? Future.succeededFuture()
                : c.send(Request.cmd(Command.CLIENT).arg("ID"))
                        .onSuccess(id -> clientId = id.toLong())
                        .mapEmpty();
    }

    private Future<Void> connect() {
        RedisOptions options = new RedisOptions()
                .setConnectionString(settings.url())
                // RESP2: replies to HGETALL and XRANGE are plain arrays.
                .setProtocolNegotiation(false)
                .setMaxPoolSize(1)
                .setMaxWaitingHandlers(MAX_IN_FLIGHT);
        options.getNetClientOptions().setTcpNoDelay(true).setConnectTimeout((int) settings.timeoutMs());
        if (!settings.password().isEmpty()) {
            options.setPassword(settings.password());
        }
        Redis fresh = Redis.createClient(vertx, options);
        return fresh.connect()
                .compose(c -> introduce(c).map(c))
                .timeout(settings.timeoutMs(), TimeUnit.MILLISECONDS)
                .onSuccess(c -> {
                    if (closed) {
                        fresh.close();
                        return;
                    }
                    client = fresh;
                    connection = c;
                    connectedAtNanos = System.nanoTime();
                    delayMs = FIRST_DELAY_MS;
                    c.exceptionHandler(e -> lost(c, e));
                    c.endHandler(v -> lost(c, null));
                })
                .recover(e -> {
                    fresh.close();
                    String why = e instanceof ErrorType ? " refuses us: " + e.getMessage() : " cannot be reached";
                    return Future.failedFuture(new RedisUnavailableException("Redis at " + settings.url() + why, e));
                })
                .mapEmpty();
    }

    private void lost(RedisConnection which, Throwable cause) {
        if (closed || connection != which) {
            return;
        }
        LOG.warn("redis link {} lost: {}", name, cause == null ? "closed by Redis" : cause.getMessage());
        connection = null;
        client.close();
        reconnect();
    }

    private void reconnect() {
        if (closed) {
            return;
        }
        long wait = delayMs / 2 + ThreadLocalRandom.current().nextLong(delayMs / 2 + 1);
        delayMs = Math.min(MAX_DELAY_MS, delayMs * 2);
        vertx.setTimer(
                wait,
                t -> connect()
                        .onSuccess(v -> LOG.info("redis link {} is back", name))
                        .onFailure(e -> reconnect()));
    }

    /** Whether a connection is open now. */
    public boolean isUp() {
        return connection != null;
    }

    /** How long the present connection has been open, in milliseconds; 0 when there is none. */
    public long upMs() {
        return connection == null ? 0 : (System.nanoTime() - connectedAtNanos) / 1_000_000;
    }

    /**
     * Sends one command.
     *
     * @return the reply; fails with {@link RedisUnavailableException} when there is no connection or no answer in time,
     *     and with {@link ErrorType} when Redis refuses the command
     */
    public Future<Response> send(Request request) {
        RedisConnection c = connection;
        if (c == null) {
            return Future.failedFuture(new RedisUnavailableException("Redis cannot be reached", null));
        }
        Promise<Response> reply = Promise.promise();
        // Future.timeout() makes a timer of its own for each command; so does this, but the late reply is dropped.
        long timer = vertx.setTimer(timeoutMs, t -> {
            if (reply.tryFail(
                    new RedisUnavailableException("Redis did not answer within " + timeoutMs + " ms", null))) {
                lost(c, new TimeoutException("no answer within " + timeoutMs + " ms"));
            }
        });
        c.send(request).onComplete(r -> {
            vertx.cancelTimer(timer);
            if (r.succeeded()) {
                reply.tryComplete(r.result());
            } else if (r.cause() instanceof ErrorType
                    && !CLOSED.equals(r.cause().getMessage())) {
                reply.tryFail(r.cause());
            } else {
                reply.tryFail(new RedisUnavailableException("Redis connection failed", r.cause()));
                // It may have ended before its end could be heard.
                lost(c, r.cause());
            }
        });
        return reply.future();
    }

    /**
     * Ends the command in which a blocking reader waits: it is answered as if its time were over.
     *
     * @param other a link that does not block
     */
    public Future<Void> unblock(RedisLink other) {
        return other.send(Request.cmd(Command.CLIENT).arg("UNBLOCK").arg(clientId))
                .mapEmpty();
    }

    /** Closes the connection for good. Commands in flight fail. */
    public Future<Void> close() {
        closed = true;
        RedisConnection c = connection;
        connection = null;
        return c == null ? Future.succeededFuture() : c.close().eventually(client::close);
    }
}
