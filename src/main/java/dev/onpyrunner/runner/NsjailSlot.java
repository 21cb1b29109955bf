package dev.onpyrunner.runner;

import dev.onpyrunner.job.JobSpec;
import dev.onpyrunner.job.Limits;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetSocket;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A place for one program at a time: an nsjail that listens, a control group, a user id and a folder of its own.
 *
 * <p>Each connection to that nsjail is one fresh jail. The slot makes one ahead, with the interpreter waiting in it
 * (<i>parked</i>), gives it one program, throws it away, and makes the next once the control group is empty. A program
 * that needs another jail than the parked one starts <i>cold</i>: in a jail made for it, in the same place.
 */
final class NsjailSlot {
    private static final Logger LOG = LoggerFactory.getLogger(NsjailSlot.class);
    private static final long CONNECT_AGAIN_MS = 5;
    private static final long LISTENING_WITHIN_MS = 5_000;
    private static final long PARK_AGAIN_MS = 1_000;
    private static final long SETTLE_AGAIN_MS = 10;
    private static final long SETTLED_WITHIN_MS = 3_000;
    /** A stranger at nsjail's port can spoil a jail or two; more failures in a row have another reason. */
    private static final int AT_ONCE_AGAIN = 2;

    private final Vertx vertx;
    private final NsjailSandbox sandbox;
    private final NetClient client;
    private final int number;
    private final Path bay;
    private final Door door;
    private final Cgroups.Group group;
    private NsjailSandbox.Listening nsjail;
    /** The process that copies a zygote into the jails here; 0 for none, or when it is not known yet. */
    private long forker;
    /** Whether the one that is there made no copy: it ends with its nsjail. */
    private boolean needsForker;

    /** The one that is here: being made, parked, running or ending. */
    private NsjailJail jail;

    private boolean taken;
    private int failures;
    private volatile boolean closed;
    private long againTimer = -1;

    NsjailSlot(Vertx vertx, NsjailSandbox sandbox, NetClient client, int number, Path bay, Cgroups.Group group) {
        this.vertx = vertx;
        this.sandbox = sandbox;
        this.client = client;
        this.number = number;
        this.bay = bay;
        this.door = new Door(vertx, sandbox.doors().resolve(String.valueOf(number)), bay);
        this.group = group;
    }

    int number() {
        return number;
    }

    Path bay() {
        return bay;
    }

    Cgroups.Group group() {
        return group;
    }

    /** Makes a jail ahead. Completes when it is parked; when that fails it is tried again, until {@link #close}. */
    Future<Void> park() {
        taken = false;
        NsjailJail next = new NsjailJail(vertx, door, group, this::connect, this::closed);
        jail = next;
        return listening().compose(v -> next.park()).recover(this::withLog).onComplete(r -> {
            failures = r.failed() ? failures + 1 : 0;
            madeWith().ifPresent(zygote -> {
                sandbox.zygotes().parked(zygote, r.succeeded());
                needsForker = r.failed();
            });
            if (r.succeeded()) {
                preferToKillTheProgram();
                next.spoilt().onSuccess(v -> spoilt(next));
                sandbox.parked();
            } else if (!closed) {
                LOG.warn(
                        "slot {}: no jail could be parked: {}",
                        number,
                        r.cause().getMessage());
                next.close();
            }
        });
    }

    /** nsjail's reason is in its log alone. */
    private <T> Future<T> withLog(Throwable e) {
        String said = NsjailSandbox.said(this, NsjailSandbox.LISTEN);
        return Future.failedFuture(
                said.isEmpty() ? e : new Sandbox.SandboxException(e.getMessage() + " nsjail's log: " + said, e));
    }

    /** A parked jail has died by itself, or its nsjail has: another one. */
    private void spoilt(NsjailJail dead) {
        if (jail == dead && !taken && !closed) {
            LOG.warn("slot {}: the parked jail has died; making another one", number);
            dead.close();
        }
    }

    /** Nothing of a jail is left: the next one, a little later when they cannot even be parked. */
    private void closed(NsjailJail gone) {
        if (jail != gone || closed) {
            return;
        }
        jail = null;
        if (failures > AT_ONCE_AGAIN) {
            againTimer = vertx.setTimer(PARK_AGAIN_MS, t -> park());
        } else {
            park();
        }
    }

    private void preferToKillTheProgram() {
        try {
            Cgroups.preferToKill(group.pids().orElse(List.of()));
        } catch (IOException e) {
            LOG.warn("control group cannot be read: {}", e.getMessage());
        }
    }

    boolean isParked() {
        return !taken && !closed && jail != null && jail.isParked();
    }

    /** Starts a program. To be called only while a jail is parked; fails when there is no jail for it. */
    Future<Sandbox.Jail> start(JobSpec spec, Optional<Path> dependencies, Sandbox.Listener listener) {
        taken = true;
        NsjailJail parked = jail;
        if (dependencies.isEmpty() && sandbox.fitsParked(spec)) {
            return begin(parked, spec, listener);
        }
        NsjailJail cold =
                new NsjailJail(vertx, door, group, () -> sandbox.launchOnce(this, spec, dependencies), this::closed);
        jail = cold;
        return parked.close()
                .compose(v -> prepareGroup(spec.limits(), true))
                .compose(v -> cold.park())
                .onSuccess(v -> preferToKillTheProgram())
                .compose(v -> begin(cold, spec, listener))
                .recover(e -> cold.close().transform(r -> Future.failedFuture(e)));
    }

    private Future<Sandbox.Jail> begin(NsjailJail jail, JobSpec spec, Sandbox.Listener listener) {
        try {
            jail.begin(spec, listener);
            return Future.succeededFuture(jail);
        } catch (IOException | RuntimeException e) {
            return jail.close()
                    .transform(r -> Future.failedFuture(
                            new Sandbox.SandboxException("The limits cannot be set: " + e.getMessage(), e)));
        }
    }

    /** Whether this is the nsjail that waits for the next connection, also while another one runs a program here, or its forker. */
    boolean isResident(long pid) {
        return nsjail != null && (pid == nsjail.process().pid() || pid == forker);
    }

    /** The processes of the jail here; none when there is no jail. */
    List<Long> processes() throws IOException {
        return jail == null ? List.of() : jail.processes();
    }

    /** Throws a parked jail away, for one that is made as they are to be made now. */
    void renew() {
        if (isParked()) {
            jail.close();
        }
    }

    private Optional<Zygote> madeWith() {
        return nsjail == null ? Optional.empty() : nsjail.zygote();
    }

    /** Sees to it that there is an nsjail, alone in its group, with a forker of the zygote that is to be copied now. */
    private Future<Void> listening() {
        boolean isThere = nsjail != null && nsjail.process().isAlive() && !needsForker;
        return sandbox.zygotes()
                .current(isThere ? madeWith() : Optional.empty())
                .compose(zygote -> {
                    if (isThere && nsjail.zygote().equals(zygote)) {
                        return prepareGroup(sandbox.parkedFor(), false);
                    }
                    return endListener().compose(v -> launchListener(zygote));
                });
    }

    private Future<Void> launchListener(Optional<Zygote> zygote) {
        return sandbox.launchListener(this, zygote).compose(started -> {
            nsjail = started;
            forker = 0;
            needsForker = false;
            if (closed) {
                return endListener()
                        .compose(v -> Future.failedFuture(new Sandbox.SandboxException("The sandbox was closed.")));
            }
            group.residents(zygote.isPresent() ? 2 : 1);
            return prepareGroup(sandbox.parkedFor(), false);
        });
    }

    /** Its forker ends with it. */
    private Future<Void> endListener() {
        if (nsjail == null || !nsjail.process().isAlive()) {
            return Future.succeededFuture();
        }
        nsjail.process().destroyForcibly();
        return Future.fromCompletionStage(nsjail.process().onExit(), vertx.getOrCreateContext())
                .mapEmpty();
    }

    /** Sets limits before there is a jail, while nsjail is alone in its group: the interpreter's start is under them. */
    private Future<Void> prepareGroup(Limits limits, boolean isWaitedFor) {
        return settle(limits, isWaitedFor, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(SETTLED_WITHIN_MS))
                .recover(e -> Future.failedFuture(
                        new Sandbox.SandboxException("The limits cannot be set: " + e.getMessage(), e)));
    }

    /** What a program left is freed a moment after its end; until then it would be taken off the next one's account. */
    private Future<Void> settle(Limits limits, boolean isWaitedFor, long until) {
        return vertx.executeBlocking(
                        () -> {
                            boolean settled = group.settle() || closed || System.nanoTime() > until;
                            if (settled) {
                                group.limit(limits);
                                group.hurry(isWaitedFor);
                            }
                            return settled;
                        },
                        false)
                .compose(settled -> settled
                        ? Future.succeededFuture()
                        : vertx.timer(SETTLE_AGAIN_MS, TimeUnit.MILLISECONDS)
                                .compose(t -> settle(limits, isWaitedFor, until)));
    }

    private Future<Lifeline> connect() {
        return connect(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LISTENING_WITHIN_MS));
    }

    /** A new nsjail takes some milliseconds until it listens. */
    private Future<Lifeline> connect(long until) {
        return client.connect(nsjail.port(), nsjail.host())
                .map(socket -> {
                    if (forker == 0 && nsjail.zygote().isPresent()) {
                        forker = sandbox.forkerOf(this); // nsjail listens, so its start has come to an end
                    }
                    return (Lifeline) new Connection(socket, nsjail.process(), forker);
                })
                .recover(e -> {
                    if (closed || !nsjail.process().isAlive() || System.nanoTime() > until) {
                        nsjail.process().destroyForcibly();
                        return Future.failedFuture(new Sandbox.SandboxException("nsjail does not listen."));
                    }
                    return vertx.timer(CONNECT_AGAIN_MS, TimeUnit.MILLISECONDS).compose(t -> connect(until));
                });
    }

    /** Ends everything here. Completes when no process is left. */
    Future<Void> close() {
        closed = true;
        vertx.cancelTimer(againTimer);
        return (jail == null ? Future.<Void>succeededFuture() : jail.close())
                .transform(r -> endListener())
                .eventually(door::close);
    }

    /** A connection to the listening nsjail. When it closes, nsjail kills the jail that belongs to it. */
    private static final class Connection implements Lifeline {
        private static final int MAX_SAID = 2_000;
        private final NetSocket socket;
        private final Process nsjail;
        private final long forker;
        private final StringBuilder said = new StringBuilder();
        private final Future<String> ended;

        Connection(NetSocket socket, Process nsjail, long forker) {
            this.socket = socket;
            this.nsjail = nsjail;
            this.forker = forker;
            Promise<String> end = Promise.promise();
            ended = end.future();
            socket.handler(bytes -> {
                if (said.length() < MAX_SAID) {
                    said.append(bytes); // errors of pid 1: the program never has this channel
                }
            });
            socket.exceptionHandler(e -> LOG.debug("nsjail's connection: {}", e.getMessage()));
            socket.closeHandler(v -> end.tryComplete(said.toString()));
        }

        @Override
        public Future<String> ended() {
            return ended;
        }

        @Override
        public void release() {
            socket.close();
        }

        @Override
        public boolean stays(long pid) {
            return pid == nsjail.pid() || pid == forker;
        }

        @Override
        public ProcessHandle nsjail() {
            return nsjail.toHandle();
        }

        @Override
        public boolean isOver() {
            return true; // the connection holds nothing in the group
        }

        @Override
        public void force() {
            socket.close();
        }
    }
}
