package dev.onpyrunner.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.Await;
import dev.onpyrunner.TestNode;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A client of the live console. */
final class Console implements AutoCloseable {
    private static final int MAX_MESSAGE = 16 * 1024 * 1024;

    private final BlockingQueue<JsonNode> messages = new LinkedBlockingQueue<>();
    private final Promise<Integer> closed = Promise.promise();
    private final WebSocketClient client;
    private WebSocket socket;

    private Console(Vertx vertx) {
        client = vertx.createWebSocketClient(
                new WebSocketClientOptions().setMaxFrameSize(MAX_MESSAGE).setMaxMessageSize(MAX_MESSAGE));
    }

    static WebSocketConnectOptions options(TestNode node, String path) {
        return new WebSocketConnectOptions()
                .setHost(node.uri("/").getHost())
                .setPort(node.uri("/").getPort())
                .setURI(path)
                .addSubProtocol("onpyrunner.v1");
    }

    static Console open(Vertx vertx, TestNode node, String id) {
        return open(vertx, options(node, "/v1/jobs/" + id + "/console"));
    }

    static Console open(Vertx vertx, WebSocketConnectOptions options) {
        while (true) {
            Console console = new Console(vertx);
            try {
                console.socket = Await.get(console.connect(options));
            } catch (IllegalStateException e) {
                // Vert.x sets our handlers after what came together with the upgrade: too late, when a close did.
                assertThat(e).hasMessage("WebSocket is closed");
                continue;
            }
            assertThat(console.socket.subProtocol()).isEqualTo("onpyrunner.v1");
            return console;
        }
    }

    /** Fails with what the server answered instead of an upgrade. */
    static Future<WebSocket> tryOpen(Vertx vertx, WebSocketConnectOptions options) {
        return new Console(vertx).connect(options);
    }

    private Future<WebSocket> connect(WebSocketConnectOptions options) {
        // The handlers must be there before the first frame, so before the connection.
        var socket = client.webSocket();
        socket.textMessageHandler(text -> {
            try {
                messages.add(TestNode.JSON.readTree(text));
            } catch (JsonProcessingException e) {
                throw new AssertionError(text, e);
            }
        });
        socket.closeHandler(v -> closed.complete(Integer.valueOf(socket.closeStatusCode())));
        return socket.connect(options);
    }

    /** The next message. */
    JsonNode next() throws InterruptedException {
        JsonNode message = messages.poll(20, TimeUnit.SECONDS);
        assertThat(message).as("a message in time").isNotNull();
        return message;
    }

    /** The next message, which must have this op. */
    JsonNode next(String op) throws InterruptedException {
        JsonNode message = next();
        assertThat(message.get("op").textValue()).as(message.toString()).isEqualTo(op);
        return message;
    }

    /** All events up to the first of this kind; acknowledgements between them are passed over. */
    List<JsonNode> until(String kind) throws InterruptedException {
        List<JsonNode> events = new ArrayList<>();
        while (!EventStream.kinds(events).contains(kind)) {
            JsonNode message = next();
            if (!message.get("op").textValue().equals("stdin_ack")) {
                assertThat(message.get("op").textValue()).as(message.toString()).isEqualTo("events");
                message.get("events").forEach(events::add);
            }
        }
        return events;
    }

    Console send(String text) {
        Await.get(socket.writeTextMessage(text));
        return this;
    }

    WebSocket socket() {
        return socket;
    }

    /** Waits until the server has closed; the code. */
    int closeCode() {
        return Await.get(closed.future());
    }

    /** Whether nothing has come that was not looked at. */
    boolean isSilent() {
        return messages.isEmpty();
    }

    @Override
    public void close() {
        Await.get(socket.close().otherwiseEmpty());
    }
}
