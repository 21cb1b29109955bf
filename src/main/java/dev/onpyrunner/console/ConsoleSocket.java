package dev.onpyrunner.console;

import dev.onpyrunner.job.EventBatch;
import dev.onpyrunner.job.EventId;
import dev.onpyrunner.job.Job;
import dev.onpyrunner.job.JobBus;
import dev.onpyrunner.job.JobFeed;
import dev.onpyrunner.job.JobInput;
import dev.onpyrunner.job.JobInput.Sender;
import dev.onpyrunner.job.JobInput.Signal;
import dev.onpyrunner.job.JobStore;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.util.Base64;
import java.util.List;
import java.util.function.BiFunction;

/**
 * One live console: a viewer of one job over a WebSocket.
 *
 * <p>It says hello, then sends events as they come, and closes after the end. A viewer who reads slowly is sent nothing
 * more, and nothing more is read from it, until its socket is free again; then it gets the rest from the log. One who
 * reads nothing for a minute is let go. Closing a console never touches the job.
 */
final class ConsoleSocket implements JobFeed.Viewer {
    private static final String NOTHING = "[]";
    private static final int MAX_ON_THE_WAY = 16;
    private static final int HEARTBEAT_MS = 20_000;
    private static final short OVER = 1000;
    private static final short DRAINING = 1012;
    private static final short BAD_MESSAGE = 4000;
    private static final short NO_SUCH_JOB = 4004;
    private static final short UNREAD = 4008;

    private final Vertx vertx;
    private final JobStore store;
    private final BiFunction<Throwable, String, JsonObject> problems;
    private final Job job;
    private final ServerWebSocket socket;
    private final long unreadMs;
    private JobFeed feed;
    /**
     * Messages that the socket has not taken yet. The write queue lets megabytes pass before it calls itself full, so
     * this is what bounds memory: one batch of events at a time.
     */
    private int onTheWay;
    /** Runs while something is on the way. */
    private long unreadTimer = -1;

    private long heartbeatTimer = -1;

    ConsoleSocket(
            Vertx vertx,
            JobStore store,
            BiFunction<Throwable, String, JsonObject> problems,
            Job job,
            ServerWebSocket socket,
            long unreadMs) {
        this.vertx = vertx;
        this.store = store;
        this.problems = problems;
        this.job = job;
        this.socket = socket;
        this.unreadMs = unreadMs;
    }

    void open(EventId after, Runnable whenClosed) {
        socket.textMessageHandler(this::message);
        socket.binaryMessageHandler(b -> close(BAD_MESSAGE, "only text frames are understood"));
        socket.exceptionHandler(e -> socket.close());
        JsonObject hello =
                new JsonObject().put("op", "hello").put("job", job.toJson()).put("heartbeat_ms", HEARTBEAT_MS);
        // The feed's events come later than this turn, so hello is first.
        feed = JobFeed.open(vertx, store, job.id(), after, this);
        send(hello.encode());
        // Keeps proxies from closing a silent connection, and shows us a dead client.
        heartbeatTimer = vertx.setPeriodic(HEARTBEAT_MS, t -> {
            if (onTheWay == 0) {
                socket.writePing(Buffer.buffer());
            }
        });
        socket.closeHandler(v -> {
            vertx.cancelTimer(unreadTimer);
            vertx.cancelTimer(heartbeatTimer);
            feed.close();
            whenClosed.run();
        });
    }

    private void send(String text) {
        if (onTheWay++ == 0) {
            startPatience();
        }
        if (onTheWay == MAX_ON_THE_WAY) {
            socket.pause(); // each of its messages may ask for one of ours
        }
        socket.writeTextMessage(text).onComplete(r -> arrived());
    }

    private void arrived() {
        onTheWay--;
        vertx.cancelTimer(unreadTimer);
        if (onTheWay > 0) {
            startPatience();
        } else {
            socket.resume();
            feed.resume();
        }
    }

    private void startPatience() {
        unreadTimer = vertx.setTimer(unreadMs, t -> close(UNREAD, "nothing was read; reconnect with after"));
    }

    private void message(String text) {
        JsonObject message;
        try {
            message = new JsonObject(text);
        } catch (DecodeException e) {
            close(BAD_MESSAGE, "not a JSON object");
            return;
        }
        try {
            switch (message.getString("op", "")) {
                case "ping" -> send("{\"op\":\"pong\"}");
                case "cancel" ->
                    store.cancel(job.id())
                            .onSuccess(c -> new JobBus(vertx).cancelled(job.id(), c))
                            .onFailure(this::problem);
                case "stdin" -> stdin(message);
                case "eof" -> give(Sender.NOBODY, JobInput.end());
                case "signal" -> give(Sender.NOBODY, JobInput.of(Signal.valueOf(message.getString("signal", ""))));
                default -> close(BAD_MESSAGE, "unknown op");
            }
        } catch (ClassCastException | IllegalArgumentException e) {
            close(BAD_MESSAGE, "a field is wrong");
        }
    }

    private void stdin(JsonObject message) {
        String from = message.getString("from", "");
        long n = message.getLong("n", 0L);
        Buffer bytes = message.containsKey("b64")
                ? Buffer.buffer(Base64.getDecoder().decode(message.getString("b64")))
                : Buffer.buffer(message.getString("d", ""));
        // A number without a name cannot tell a repeat: each page counts from 1.
        Sender sender = from.isEmpty() ? Sender.NOBODY : new Sender(from, n);
        give(sender, JobInput.of(bytes))
                .onSuccess(v -> send(new JsonObject()
                        .put("op", "stdin_ack")
                        .put("n", message.getValue("n"))
                        .encode()));
    }

    private Future<Boolean> give(Sender sender, JobInput input) {
        return store.input(job.id(), sender, List.of(input))
                .onSuccess(isNew -> {
                    if (isNew) {
                        new JobBus(vertx).input(job.id());
                    }
                })
                .onFailure(this::problem);
    }

    private void problem(Throwable cause) {
        JsonObject problem = problems.apply(cause, "/v1/jobs/" + job.id() + "/console");
        send(new JsonObject().put("op", "problem").put("problem", problem).encode());
    }

    @Override
    public boolean isFull() {
        return onTheWay > 0;
    }

    @Override
    public void events(EventBatch batch) {
        if (!batch.json().equals(NOTHING)) {
            send("{\"op\":\"events\",\"events\":" + batch.json() + "}");
        }
        if (batch.ended()) {
            close(OVER, null);
        }
    }

    @Override
    public void failed(Throwable cause) {
        close(NO_SUCH_JOB, "the job is gone");
    }

    /** The node stops: the client reconnects, to any node, with its last event. */
    void drain() {
        close(DRAINING, "the node stops");
    }

    private void close(short code, String reason) {
        if (!socket.isClosed()) {
            socket.close(code, reason);
        }
    }
}
