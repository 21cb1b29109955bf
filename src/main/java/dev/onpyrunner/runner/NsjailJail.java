package dev.onpyrunner.runner;

import dev.onpyrunner.job.JobSpec;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.parsetools.RecordParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One nsjail with one program, from start to end.
 *
 * <p>All data go over one socket, to which the jail's pid 1 connects before any of the program's code exists; whoever
 * calls later is the program, and is closed. The socket is the life line: when it closes, pid 1 ends, and the kernel
 * kills the rest. Confined to the context on which it was made.
 */
final class NsjailJail implements Sandbox.Jail {
    private static final Logger LOG = LoggerFactory.getLogger(NsjailJail.class);
    /** A jail and an interpreter take about 30 ms; this is for a machine in trouble. */
    private static final long START_MS = 10_000;

    private static final long LOOK_MS = 2;
    private static final long KILL_AGAIN_MS = 100;

    private enum State {
        STARTING,
        RUNNING,
        ENDED
    }

    private final Vertx vertx;
    private final Context context;
    private final NsjailSandbox sandbox;
    private final Cgroups.Group group;
    private final Path bay;
    private final JobSpec spec;
    private final Sandbox.Listener listener;
    private final Promise<Void> started = Promise.promise();
    private State state = State.STARTING;
    private NetServer server;
    private NetSocket socket;
    private Process process;
    private long startTimer = -1;
    private Future<Void> closing;
    private long cpuBeforeMs;

    private RecordParser parser;
    private byte frameType;
    private boolean atHeader;
    private int stdinSent;
    private int stdinUnacknowledged;
    private boolean stdinEnded;

    NsjailJail(
            Vertx vertx,
            NsjailSandbox sandbox,
            Cgroups.Group group,
            Path bay,
            JobSpec spec,
            Sandbox.Listener listener) {
        this.vertx = vertx;
        this.context = vertx.getOrCreateContext();
        this.sandbox = sandbox;
        this.group = group;
        this.bay = bay;
        this.spec = spec;
        this.listener = listener;
    }

    Future<Void> start() {
        startTimer = vertx.setTimer(START_MS, t -> failStart("The jail was not ready within " + START_MS + " ms."));
        Path path = bay.resolve("s");
        try {
            sandbox.makeBay(bay, sandbox.uid(group));
        } catch (IOException e) {
            return Future.failedFuture(new Sandbox.SandboxException("The jail's bay cannot be made.", e));
        }
        server = vertx.createNetServer().connectHandler(this::called);
        server.listen(SocketAddress.domainSocketAddress(path.toString()))
                .compose(s -> {
                    openDoor(path);
                    return sandbox.launch(bay, group, spec);
                })
                .onComplete(r -> {
                    if (r.failed()) {
                        started.tryFail(new Sandbox.SandboxException("nsjail could not be started.", r.cause()));
                        return;
                    }
                    process = r.result();
                    Future.fromCompletionStage(process.onExit(), context).onSuccess(p -> {
                        if (state == State.STARTING) {
                            failStart("nsjail ended with exit code " + p.exitValue() + ".");
                        }
                    });
                });
        return started.future();
    }

    /** The folder is the lock; the socket itself may be used by the slot's user, who did not make it. */
    private static void openDoor(Path path) {
        try {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-rw-rw-"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void failStart(String why) {
        if (state != State.STARTING || started.future().isComplete()) {
            return;
        }
        String said = "";
        try {
            Path log = NsjailSandbox.log(bay);
            said = Files.exists(log)
                    ? printable(Files.readString(log, StandardCharsets.UTF_8).trim())
                    : "";
        } catch (IOException e) {
            said = "its log cannot be read: " + e.getMessage();
        }
        started.tryFail(
                new Sandbox.SandboxException(said.isEmpty() ? why : why + " It said: " + said, ranOutOfMemory()));
    }

    private boolean ranOutOfMemory() {
        try {
            return group.read().oomKills() > 0;
        } catch (IOException e) {
            LOG.warn("control group cannot be read: {}", e.getMessage());
            return false;
        }
    }

    private void called(NetSocket caller) {
        if (socket != null) {
            caller.close();
            return;
        }
        socket = caller;
        try {
            Files.deleteIfExists(bay.resolve("s"));
        } catch (IOException e) {
            LOG.warn("the jail's door stays: {}", e.getMessage());
        }
        parser = RecordParser.newFixed(1);
        parser.handler(this::ready);
        caller.handler(parser);
        caller.exceptionHandler(e -> LOG.debug("jail's socket: {}", e.getMessage()));
        caller.closeHandler(v -> hungUp());
    }

    private void ready(Buffer first) {
        if (first.getByte(0) != Frames.READY) {
            failStart("The interpreter could not be started.");
            socket.close();
            return;
        }
        try {
            cpuBeforeMs = group.read().cpuMs();
        } catch (IOException e) {
            failStart("The control group cannot be read: " + e.getMessage());
            return;
        }
        state = State.RUNNING;
        vertx.cancelTimer(startTimer);
        atHeader = true;
        parser.fixedSizeMode(Frames.HEADER);
        parser.handler(this::piece);
        socket.write(Frames.job(spec));
        feed();
        started.tryComplete();
    }

    private void piece(Buffer bytes) {
        if (state != State.RUNNING) {
            return;
        }
        if (atHeader) {
            frameType = bytes.getByte(0);
            long length = bytes.getUnsignedInt(1);
            if (length > Frames.MAX_PAYLOAD) {
                broken("a frame of " + length + " bytes");
            } else if (length == 0) {
                frame(Buffer.buffer());
            } else {
                atHeader = false;
                parser.fixedSizeMode((int) length);
            }
        } else {
            atHeader = true;
            parser.fixedSizeMode(Frames.HEADER);
            frame(bytes);
        }
    }

    private void frame(Buffer payload) {
        switch (frameType) {
            case '1' -> listener.output(false, payload);
            case '2' -> listener.output(true, payload);
            case 'A' -> {
                stdinUnacknowledged -= payload.length() == 4 ? payload.getInt(0) : 0;
                if (stdinUnacknowledged < 0 || payload.length() != 4) {
                    broken("a wrong acknowledgement");
                } else {
                    feed();
                }
            }
            case 'S' -> {
                try {
                    end(Frames.status(payload));
                } catch (IllegalArgumentException e) {
                    broken(e.getMessage());
                }
            }
            case 'X' -> {
                LOG.warn("jail: no program ran: {}", printable(payload.toString()));
                end(Sandbox.Exit.UNKNOWN);
            }
            default -> broken("a frame of type " + frameType);
        }
    }

    /** Text from inside must not forge lines of our log. */
    private static String printable(String text) {
        return text.replaceAll("\\p{Cntrl}+", " ");
    }

    /** The jail says what pid 1 never says: trust nothing more. */
    private void broken(String what) {
        LOG.error("jail broke the protocol: {}", what);
        socket.close();
        end(Sandbox.Exit.UNKNOWN);
    }

    private void feed() {
        Buffer stdin = spec.stdin();
        while (stdinSent < stdin.length() && stdinUnacknowledged < Frames.STDIN_CREDIT) {
            int n = Math.min(stdin.length() - stdinSent, Frames.STDIN_CREDIT - stdinUnacknowledged);
            socket.write(Frames.message('i', stdin.slice(stdinSent, stdinSent + n)));
            stdinSent += n;
            stdinUnacknowledged += n;
        }
        if (stdinSent == stdin.length() && !stdinEnded) {
            stdinEnded = true;
            socket.write(Frames.message('e'));
        }
    }

    private void end(Sandbox.Exit exit) {
        if (state == State.RUNNING) {
            state = State.ENDED;
            listener.ended(exit);
        }
    }

    private void hungUp() {
        if (state == State.STARTING) {
            failStart("The jail ended before it was ready.");
        } else {
            end(Sandbox.Exit.UNKNOWN);
        }
    }

    @Override
    public void interrupt() {
        if (state == State.RUNNING) {
            socket.write(Frames.message('I'));
        }
    }

    @Override
    public void kill() {
        if (state == State.RUNNING) {
            socket.write(Frames.message('K'));
        }
    }

    @Override
    public void pause() {
        socket.pause();
    }

    @Override
    public void resume() {
        socket.resume();
    }

    @Override
    public Sandbox.Meter meter() {
        try {
            Sandbox.Meter now = group.read();
            return new Sandbox.Meter(
                    now.cpuMs() < 0 ? -1 : now.cpuMs() - cpuBeforeMs,
                    now.memoryPeakBytes(),
                    now.oomKills(),
                    now.processesRefused());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Future<Void> close() {
        if (closing != null) {
            return closing;
        }
        state = State.ENDED;
        vertx.cancelTimer(startTimer);
        started.tryFail(new Sandbox.SandboxException("The sandbox was closed."));
        if (socket != null) {
            socket.close();
        }
        Promise<Void> empty = Promise.promise();
        if (process == null || (!process.isAlive() && isEmpty())) {
            empty.complete();
        } else {
            if (socket == null) {
                process.destroyForcibly(); // else pid 1 sees the end of its socket, and nsjail reaps it
            }
            awaitEmpty(empty, System.nanoTime());
        }
        closing = empty.future()
                .eventually(() -> server == null ? Future.succeededFuture() : server.close())
                .eventually(() -> vertx.<Void>executeBlocking(
                        () -> {
                            NsjailSandbox.removeBay(bay);
                            return null;
                        },
                        false))
                .onComplete(r -> sandbox.gone(this));
        return closing;
    }

    /** nsjail dies, its pid 1 with it, and with that the whole tree; the kernel says when the last one is gone. */
    private void awaitEmpty(Promise<Void> empty, long since) {
        if (!process.isAlive() && isEmpty()) {
            empty.complete();
            return;
        }
        if (System.nanoTime() - since > KILL_AGAIN_MS * 1_000_000) {
            process.destroyForcibly();
            killAll();
        }
        vertx.setTimer(LOOK_MS, t -> awaitEmpty(empty, since));
    }

    private boolean isEmpty() {
        try {
            return group.pids().isEmpty();
        } catch (IOException e) {
            LOG.warn("control group cannot be read: {}", e.getMessage());
            return true;
        }
    }

    private void killAll() {
        try {
            List<Long> left = group.pids();
            Cgroups.kill(left);
        } catch (IOException e) {
            LOG.warn("control group cannot be read: {}", e.getMessage());
        }
    }
}
