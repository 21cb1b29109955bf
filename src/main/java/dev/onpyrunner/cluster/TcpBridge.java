package dev.onpyrunner.cluster;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.parsetools.RecordParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.IntConsumer;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets programs without Vert.x hear what happens to jobs: the protocol of Vert.x' TCP event-bus bridge, outbound only.
 *
 * <p>The library of that name is not used: it takes frames of any length from anybody, and keeps any amount for a client that
 * does not read.
 */
public final class TcpBridge extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(TcpBridge.class);
    private static final Pattern HEARD = Pattern.compile("onpyrunner\\.(ends|job\\.[0-9]{1,5}-[0-9a-z]{26})");
    private static final int LENGTH = 4;
    private static final int MAX_FRAME = 16 * 1024;
    private static final int MAX_WAITING = 1024 * 1024;
    private static final int MAX_ADDRESSES = 1_000;
    private static final int MAX_CLIENTS = 100;
    /** How long a client may take to show that it knows the secret. */
    private static final long LOGIN_MS = 10_000;

    private final BridgeSettings settings;
    private final IntConsumer listening;
    private final Set<Client> clients = new HashSet<>();
    private NetServer server;

    /**
     * A bridge.
     *
     * @param listening hears the port
     */
    public TcpBridge(BridgeSettings settings, IntConsumer listening) {
        this.settings = settings;
        this.listening = listening;
    }

    @Override
    public Future<?> start() {
        server = vertx.createNetServer(
                new NetServerOptions().setHost(settings.host()).setPort(settings.port()));
        return server.connectHandler(socket -> {
                    if (clients.size() >= MAX_CLIENTS) {
                        socket.close();
                    } else {
                        clients.add(new Client(socket));
                    }
                })
                .listen()
                .recover(e -> Future.failedFuture(new IOException(
                        "The bridge cannot listen at " + settings.host() + ":" + settings.port()
                                + " (bridge.host, bridge.port): " + e.getMessage(),
                        e)))
                .onSuccess(s -> {
                    LOG.info("the event bus can be heard at {}:{}", settings.host(), s.actualPort());
                    listening.accept(s.actualPort());
                });
    }

    @Override
    public Future<?> stop() {
        return server.close();
    }

    private boolean isSecret(String shown) {
        return MessageDigest.isEqual(
                shown.getBytes(StandardCharsets.UTF_8), settings.secret().getBytes(StandardCharsets.UTF_8));
    }

    private final class Client {
        private final NetSocket socket;
        private final RecordParser parser;
        private final Map<String, MessageConsumer<Object>> heard = new HashMap<>();
        private final long login;
        private boolean knowsSecret;
        private boolean inFrame;

        Client(NetSocket socket) {
            this.socket = socket;
            socket.setWriteQueueMaxSize(MAX_WAITING);
            login = vertx.setTimer(LOGIN_MS, t -> socket.close());
            socket.exceptionHandler(e -> socket.close()).closeHandler(v -> {
                clients.remove(this);
                vertx.cancelTimer(login);
                heard.values().forEach(MessageConsumer::unregister);
                heard.clear();
            });
            parser = RecordParser.newFixed(LENGTH, this::record);
            socket.handler(parser);
        }

        private void record(Buffer bytes) {
            if (!inFrame) {
                int length = bytes.getInt(0);
                if (length < 1 || length > MAX_FRAME) {
                    refuse("a frame has 1 to " + MAX_FRAME + " bytes");
                    return;
                }
                parser.fixedSizeMode(length);
                inFrame = true;
                return;
            }
            parser.fixedSizeMode(LENGTH);
            inFrame = false;
            try {
                frame(new JsonObject(bytes));
            } catch (DecodeException | ClassCastException e) {
                refuse("not a frame");
            }
        }

        private void frame(JsonObject frame) {
            if (!knowsSecret) {
                JsonObject headers = frame.getJsonObject("headers", new JsonObject());
                if (!isSecret(headers.getString("secret", ""))) {
                    refuse("access_denied");
                    return;
                }
                knowsSecret = true;
                vertx.cancelTimer(login);
            }
            String address = frame.getString("address", "");
            switch (frame.getString("type", "")) {
                case "ping" -> send(new JsonObject().put("type", "pong"));
                case "register" -> register(address);
                case "unregister" -> {
                    MessageConsumer<Object> consumer = heard.remove(address);
                    if (consumer == null) {
                        error("unknown_address");
                    } else {
                        consumer.unregister();
                    }
                }
                default -> error("unknown_type");
            }
        }

        private void register(String address) {
            if (!HEARD.matcher(address).matches()) {
                error("access_denied");
            } else if (heard.size() >= MAX_ADDRESSES) {
                error("at most " + MAX_ADDRESSES + " addresses");
            } else if (!heard.containsKey(address)) {
                heard.put(address, vertx.eventBus().consumer(address, this::pass));
            }
        }

        private void pass(Message<Object> message) {
            JsonObject headers = new JsonObject();
            message.headers().forEach(h -> headers.put(h.getKey(), h.getValue()));
            send(new JsonObject()
                    .put("type", "message")
                    .put("address", message.address())
                    .put("headers", headers)
                    .put("body", message.body()));
        }

        private void send(JsonObject frame) {
            if (socket.writeQueueFull()) {
                socket.close(); // it does not read; nothing is kept for it
                return;
            }
            Buffer bytes = frame.toBuffer();
            socket.write(Buffer.buffer().appendInt(bytes.length()).appendBuffer(bytes));
        }

        private void error(String what) {
            send(new JsonObject().put("type", "err").put("message", what));
        }

        private void refuse(String what) {
            error(what);
            socket.close();
        }
    }
}
