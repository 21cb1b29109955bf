package dev.onpyrunner.redis;

import dev.onpyrunner.redis.RedisSettings.Login;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.impl.types.ErrorType;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import javax.net.ssl.SSLException;

/**
 * One pipelined connection to one server, from its opening to its end.
 *
 * <p>A command that is not answered in time ends it, because replies come first in, first out, so that every later reply
 * would be late too. Once ended it stays so.
 */
final class RedisNode {
    /** Commands in flight on one connection; beyond it the client refuses, which is our back-pressure. */
    private static final int MAX_IN_FLIGHT = 16_384;
    /** The client says so, as if Redis had, of commands that were under way when the connection ended. */
    private static final String CLOSED = "CONNECTION_CLOSED";

    private final Vertx vertx;
    private final String host;
    private final long timeoutMs;
    private final Redis client;
    private final RedisConnection connection;
    private final long openedNanos = System.nanoTime();
    private BiConsumer<RedisNode, Throwable> onEnd = (node, cause) -> {};
    private boolean ended;

    private RedisNode(Vertx vertx, String host, long timeoutMs, Redis client, RedisConnection connection) {
        this.vertx = vertx;
        this.host = host;
        this.timeoutMs = timeoutMs;
        this.client = client;
        this.connection = connection;
    }

    /**
     * Connects and logs in.
     *
     * @param host {@code host:port}
     * @param timeoutMs how long a command may take
     * @return fails with {@link RedisUnavailableException} when that is not possible within the settings' time-out, or
     *     when the server is still loading its data
     */
    static Future<RedisNode> connect(Vertx vertx, RedisSettings settings, Login login, String host, long timeoutMs) {
        String url = settings.urlOf(host);
        // The client would log in only where it must, and so be another user where the default one needs no password;
        // that is why it is not told.
        RedisOptions options = new RedisOptions()
                .setConnectionString(url)
                // RESP2: replies to HGETALL and XRANGE are plain arrays.
                .setProtocolNegotiation(false)
                .setMaxPoolSize(1)
                .setMaxWaitingHandlers(MAX_IN_FLIGHT);
        options.getNetClientOptions().setTcpNoDelay(true).setConnectTimeout((int) settings.timeoutMs());
        if (settings.tls()) {
            secure(options.getNetClientOptions(), settings.files());
        }
        Redis client = Redis.createClient(vertx, options);
        return client.connect()
                .compose(c -> logIn(c, login).map(c))
                .timeout(settings.timeoutMs(), TimeUnit.MILLISECONDS)
                .map(c -> new RedisNode(vertx, host, timeoutMs, client, c))
                .onSuccess(RedisNode::listen)
                .recover(e -> {
                    client.close();
                    String why = e instanceof ErrorType
                            ? " refuses us: " + e.getMessage()
                            : e instanceof SSLException
                                    ? " has no certificate for this host that is trusted here, or does not use TLS"
                                    : " cannot be reached";
                    return Future.failedFuture(new RedisUnavailableException("Redis at " + url + why, e, false));
                });
    }

    private static void secure(NetClientOptions options, RedisSettings.Tls files) {
        options.setSsl(true).setHostnameVerificationAlgorithm("HTTPS");
        if (!files.ca().isEmpty()) {
            options.setTrustOptions(new PemTrustOptions().addCertPath(files.ca()));
        }
        if (!files.certificate().isEmpty()) {
            options.setKeyCertOptions(
                    new PemKeyCertOptions().setCertPath(files.certificate()).setKeyPath(files.key()));
        }
    }

    private static Future<?> logIn(RedisConnection connection, Login login) {
        if (login.isNone()) {
            return connection.send(Request.cmd(Command.PING));
        }
        Request auth = Request.cmd(Command.AUTH);
        if (!login.user().isEmpty()) {
            auth.arg(login.user());
        }
        // A server that loads its data takes logins, and nothing else.
        return connection.send(auth.arg(login.password())).compose(r -> connection.send(Request.cmd(Command.PING)));
    }

    private void listen() {
        connection.exceptionHandler(this::end);
        connection.endHandler(v -> end(null));
    }

    /** Has somebody told of the end, at once when it has been; the cause is null when the server closed. */
    void onEnd(BiConsumer<RedisNode, Throwable> listener) {
        synchronized (this) {
            if (!ended) {
                onEnd = listener;
                return;
            }
        }
        listener.accept(this, null);
    }

    /** The server, as {@code host:port}. */
    String host() {
        return host;
    }

    /** How long the connection has been open, in milliseconds. */
    long upMs() {
        return (System.nanoTime() - openedNanos) / 1_000_000;
    }

    /**
     * Sends one command.
     *
     * @return the reply; fails with {@link RedisUnavailableException} when the connection ends or no answer comes in
     *     time, and with {@link ErrorType} when the server refuses the command
     */
    Future<Response> send(Request request) {
        Promise<Response> reply = Promise.promise();
        // Future.timeout() makes a timer of its own for each command; so does this, but the late reply is dropped.
        long timer = vertx.setTimer(timeoutMs, t -> {
            if (reply.tryFail(
                    new RedisUnavailableException("Redis did not answer within " + timeoutMs + " ms", null))) {
                end(new TimeoutException("no answer within " + timeoutMs + " ms"));
            }
        });
        connection.send(request).onComplete(r -> {
            vertx.cancelTimer(timer);
            if (r.succeeded()) {
                reply.tryComplete(r.result());
            } else if (r.cause() instanceof ErrorType
                    && !CLOSED.equals(r.cause().getMessage())) {
                reply.tryFail(r.cause());
            } else {
                reply.tryFail(new RedisUnavailableException("Redis connection failed", r.cause()));
                // It may have ended before its end could be heard.
                end(r.cause());
            }
        });
        return reply.future();
    }

    /** Ends the connection. Commands in flight fail. */
    Future<Void> close() {
        synchronized (this) {
            ended = true;
        }
        return connection.close().eventually(client::close);
    }

    /** Ends the connection, and tells. */
    void end(Throwable cause) {
        BiConsumer<RedisNode, Throwable> listener;
        synchronized (this) {
            if (ended) {
                return;
            }
            ended = true;
            listener = onEnd;
        }
        listener.accept(this, cause);
        client.close();
    }
}
