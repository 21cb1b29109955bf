package dev.onpyrunner.console;

import dev.onpyrunner.job.EventBatch;
import dev.onpyrunner.job.Job;
import dev.onpyrunner.job.JobBus;
import dev.onpyrunner.job.JobId;
import dev.onpyrunner.job.JobInput;
import dev.onpyrunner.job.JobInput.Sender;
import dev.onpyrunner.job.JobInput.Signal;
import dev.onpyrunner.job.JobStore;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
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
 * <p>It says hello, then sends events as they come, and closes after the end. Its client's messages are answered one after
 * the other: no more is read from it while one is worked on, nor while it does not take the answers. Closing a console
 * never touches the job.
 */
final class ConsoleSocket extends LiveViewer {
    private static final String NOTHING = "[]";
    private static final short OVER = 1000;
    private static final short TOO_BIG = 1009;
    private static final short DRAINING = 1012;
    private static final short BAD_MESSAGE = 4000;
    private static final short NO_SUCH_JOB = 4004;
    private static final short UNREAD = 4008;

    private final Vertx vertx;
    private final JobStore store;
    private final JobBus bus;
    private final BiFunction<Throwable, String, JsonObject> problems;
    private final JobId id;
    private final ServerWebSocket socket;
    private final SharedText<String> texts;
    /** Messages of the client that are not answered yet. */
    private int asked;

    private boolean closing;

    ConsoleSocket(
            Vertx vertx,
            JobStore store,
            JobBus bus,
            BiFunction<Throwable, String, JsonObject> problems,
            JobId id,
            ServerWebSocket socket,
            SharedText<String> texts) {
        this.vertx = vertx;
        this.store = store;
        this.bus = bus;
        this.problems = problems;
        this.id = id;
        this.socket = socket;
        this.texts = texts;
    }

    static String text(EventBatch batch) {
        return "{\"op\":\"events\",\"events\":" + batch.json() + "}";
    }

    void start(Job job) {
        socket.textMessageHandler(this::message);
        socket.binaryMessageHandler(b -> close(BAD_MESSAGE, "only text frames are understood"));
        socket.frameHandler(f -> {
            if (f.isPing()) { // Vert.x answers it by itself, and asks for another frame after this handler
                vertx.runOnContext(v -> slowDown());
            } else {
                slowDown();
            }
        });
        socket.drainHandler(v -> goOn());
        socket.exceptionHandler(this::broken);
        JsonObject hello =
                new JsonObject().put("op", "hello").put("job", job.toJson()).put("heartbeat_ms", HEARTBEAT_MS);
        send(hello.encode());
    }

    private void broken(Throwable cause) {
        if (cause instanceof CorruptedWebSocketFrameException corrupt) {
            close((short) corrupt.closeStatus().code(), corrupt.getMessage());
        } else if (cause instanceof IllegalStateException) { // what Vert.x says of a message in several frames
            close(TOO_BIG, "the message is too long");
        } else {
            socket.close();
        }
    }

    private void send(String text) {
        sent(socket.writeTextMessage(text));
    }

    private void slowDown() {
        if (!closing && (asked > 0 || socket.writeQueueFull())) {
            socket.pause();
        }
    }

    private void goOn() {
        if (!closing && asked == 0 && !socket.writeQueueFull()) {
            socket.resume();
        }
    }

    /** Reads no more until this is done. */
    private void await(Future<?> work) {
        asked++;
        work.onComplete(r -> {
            asked--;
            goOn();
        });
    }

    private void message(String text) {
        if (closing) {
            return;
        }
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
                    await(store.cancel(id).onSuccess(c -> bus.cancelled(id, c)).onFailure(this::problem));
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
        Future<Boolean> given = store.input(id, sender, List.of(input))
                .onSuccess(isNew -> {
                    if (isNew) {
                        bus.input(id);
                    }
                })
                .onFailure(this::problem);
        await(given);
        return given;
    }

    private void problem(Throwable cause) {
        JsonObject problem = problems.apply(cause, "/v1/jobs/" + id + "/console");
        send(new JsonObject().put("op", "problem").put("problem", problem).encode());
    }

    @Override
    public void events(EventBatch batch) {
        if (!batch.json().equals(NOTHING)) {
            send(texts.of(batch));
        }
        if (batch.ended()) {
            close(OVER, null);
        }
    }

    @Override
    public void failed(Throwable cause) {
        close(NO_SUCH_JOB, "the job is gone");
    }

    @Override
    Future<Void> beat() {
        return socket.writePing(Buffer.buffer());
    }

    @Override
    void letGo() {
        close(UNREAD, "nothing was read; reconnect with after");
    }

    @Override
    void drain() {
        close(DRAINING, "the node stops");
    }

    private void close(short code, String reason) {
        if (!closing) {
            closing = true;
            stop(); // nothing may follow a close frame
            socket.close(code, reason);
            socket.resume(); // the client's answer is a frame, too
        }
    }
}
