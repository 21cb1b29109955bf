package dev.onpyrunner;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/** A line between a client and a node that a test can cut: everything passes unchanged, until it does not. */
final class Wire implements AutoCloseable {
    private static final Pattern UPGRADE = Pattern.compile("(?im)^upgrade: *websocket");

    private final Vertx vertx = Vertx.vertx();
    private final NetClient client = vertx.createNetClient();
    private final Set<NetSocket> open = ConcurrentHashMap.newKeySet();
    private final NetServer server;
    private final URI target;
    private volatile boolean cut;
    private volatile boolean refusesWebSockets;
    private volatile String swallowed = "";

    /** Starts a line to a node's address. */
    Wire(URI target) {
        this.target = target;
        server = vertx.createNetServer().connectHandler(this::accept);
        Await.get(server.listen(0, "127.0.0.1"));
    }

    /** The same path at this end of the line. */
    String url(String path) {
        return "http://127.0.0.1:" + server.actualPort() + path;
    }

    /** Ends every connection, and each new one at once. */
    void cut() {
        cut = true;
        open.forEach(NetSocket::close);
    }

    void mend() {
        cut = false;
    }

    /** From now on this is a network that lets no WebSocket through. */
    void refuseWebSockets() {
        refusesWebSockets = true;
    }

    /** The next request that begins like this reaches the node, and its answer is lost with the connection. */
    void loseAnswerTo(String beginning) {
        swallowed = beginning;
    }

    private void accept(NetSocket near) {
        if (cut) {
            near.close();
            return;
        }
        open.add(near);
        near.pause();
        client.connect(target.getPort(), target.getHost())
                .onFailure(e -> near.close())
                .onSuccess(far -> {
                    open.add(far);
                    near.closeHandler(v -> end(near, far));
                    far.closeHandler(v -> end(far, near));
                    near.handler(data -> send(data, near, far));
                    far.handler(data -> pass(data, far, near));
                    near.resume();
                    if (cut) {
                        near.close();
                    }
                });
    }

    private void send(Buffer data, NetSocket near, NetSocket far) {
        String text = data.toString();
        if (refusesWebSockets && UPGRADE.matcher(text).find()) {
            near.close();
            return;
        }
        if (!swallowed.isEmpty() && text.startsWith(swallowed)) {
            swallowed = "";
            far.handler(answer -> near.close());
        }
        pass(data, near, far);
    }

    private static void pass(Buffer data, NetSocket from, NetSocket to) {
        to.write(data);
        if (to.writeQueueFull()) {
            from.pause();
            to.drainHandler(v -> from.resume());
        }
    }

    private void end(NetSocket closed, NetSocket other) {
        open.remove(closed);
        open.remove(other);
        other.close();
    }

    @Override
    public void close() {
        Await.get(vertx.close());
    }
}
