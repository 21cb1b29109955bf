package dev.onpyrunner.runner;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The socket at which the pid 1 of a slot's jails call. It is made once, where jails cannot see it, and linked into the
 * slot's bay for one caller at a time: whoever calls later is a program, and finds no file. Confined to one context.
 */
final class Door {
    private static final Logger LOG = LoggerFactory.getLogger(Door.class);

    private final Vertx vertx;
    private final Path socket;
    private final Path link;
    private NetServer server;
    private Consumer<NetSocket> caller;

    /**
     * Nobody listens yet.
     *
     * @param socket where it will be made: in a folder that only this process' user may enter
     * @param bay the slot's folder, which only the slot's user may enter
     */
    Door(Vertx vertx, Path socket, Path bay) {
        this.vertx = vertx;
        this.socket = socket;
        this.link = bay.resolve("s");
    }

    /** Lets one caller in. */
    Future<Void> open(Consumer<NetSocket> first) {
        return listening().map(v -> {
            caller = first;
            try {
                Files.createLink(link, socket);
            } catch (IOException e) {
                throw new Sandbox.SandboxException("The jail's door cannot be opened: " + e.getMessage(), e);
            }
            return null;
        });
    }

    private Future<Void> listening() {
        if (server != null) {
            return Future.succeededFuture();
        }
        NetServer made = vertx.createNetServer().connectHandler(this::called);
        return made.listen(SocketAddress.domainSocketAddress(socket.toString())).map(v -> {
            server = made;
            try {
                // The folders are the locks; the socket may be used by the slot's user, who did not make it.
                Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));
            } catch (IOException e) {
                throw new Sandbox.SandboxException("The jail's door cannot be made: " + e.getMessage(), e);
            }
            return null;
        });
    }

    private void called(NetSocket by) {
        Consumer<NetSocket> first = caller;
        shut();
        if (first == null) {
            by.close();
        } else {
            first.accept(by);
        }
    }

    /** From now on nobody finds it. */
    void shut() {
        caller = null;
        try {
            Files.deleteIfExists(link);
        } catch (IOException e) {
            LOG.warn("the jail's door stays: {}", e.getMessage());
        }
    }

    /** For good. */
    Future<Void> close() {
        shut();
        return server == null ? Future.succeededFuture() : server.close();
    }
}
