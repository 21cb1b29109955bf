package dev.onpyrunner.runner;

import dev.onpyrunner.job.Claim;
import dev.onpyrunner.job.FreeSlots;
import dev.onpyrunner.job.Globs;
import dev.onpyrunner.job.JobBus;
import dev.onpyrunner.job.JobMeters;
import dev.onpyrunner.job.JobSpec;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.Limits;
import dev.onpyrunner.job.QueueSettings;
import dev.onpyrunner.job.RuntimeCatalog;
import dev.onpyrunner.redis.RedisLink;
import dev.onpyrunner.redis.RedisSettings;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Claims jobs and runs them, as many at once as it has slots: some for interactive jobs, which may wait for a person, and some
 * for the others.
 *
 * <p>A worker verticle: its handlers run one at a time on a pool of its own and may look at small files of the kernel;
 * what takes longer is handed to other threads of that pool. A claim is tried after each end of a job and each wake, so
 * a wake that finds no free slot loses nothing.
 */
public final class RunnerVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(RunnerVerticle.class);
    private static final long WAKE_S = 2;
    private static final long RETRY_MS = 500;
    private static final long LAST_EVENTS_MS = 50;

    private final RunnerSettings settings;
    private final RedisSettings redis;
    private final QueueSettings queue;
    private final Limits limits;
    private final String node;
    private final JobBus bus;
    private final JobMeters meters;
    private final RuntimeCatalog runtimes;
    private final Room room;
    private final Room interactiveRoom;
    private final List<Lane> lanes = new ArrayList<>();
    /** By queue, for the web verticles; none before this one is ready. */
    private volatile Map<String, Lane> open = Map.of();

    private volatile int busy;
    private final Map<String, JobRun> running = new HashMap<>();
    private final List<RedisLink> links = new ArrayList<>();
    private Optional<Packages> packages = Optional.empty();
    private JobStore store;
    private int nextPartition;
    private boolean claiming;
    /** Completes with whether there may be more to claim. */
    private Future<Boolean> lastClaim = Future.succeededFuture(false);

    private boolean claimAgain;
    /** The last claim left jobs behind. */
    private boolean moreWait;

    private volatile boolean draining;
    private volatile boolean paused;
    private Promise<Void> idle;

    /**
     * Makes a runner.
     *
     * @param limits limits of jobs that ask for none: jails are made ahead for these
     * @param node its name, as it appears in a running job
     * @param runtimes where else a program would find a module that it lacks
     */
    public RunnerVerticle(
            RunnerSettings settings,
            RedisSettings redis,
            QueueSettings queue,
            Limits limits,
            String node,
            JobBus bus,
            JobMeters meters,
            RuntimeCatalog runtimes) {
        this.settings = settings;
        this.redis = redis;
        this.queue = queue;
        this.limits = limits;
        this.node = node;
        this.bus = bus;
        this.meters = meters;
        this.runtimes = runtimes;
        this.room = new Room(settings.slots());
        this.interactiveRoom = new Room(settings.interactiveSlots());
    }

    /** How many jobs may run at once of some lanes together. The node's web verticles keep slots of it, on their threads. */
    private static final class Room {
        final int slots;
        /** Slots in which jobs run, or which are kept for one. */
        private int taken;
        /** A claim is under way that may need a slot. */
        private boolean claiming;

        Room(int slots) {
            this.slots = slots;
        }

        synchronized boolean isFull() {
            return taken >= slots;
        }

        synchronized boolean isEmpty() {
            return taken == 0;
        }

        synchronized boolean reserve() {
            if (taken + (claiming ? 1 : 0) >= slots) {
                return false;
            }
            taken++;
            return true;
        }

        synchronized boolean beginClaim() {
            claiming = taken < slots;
            return claiming;
        }

        synchronized void endClaim(boolean isOfThisRoom) {
            claiming = false;
            taken += isOfThisRoom ? 1 : 0;
        }

        /** True when it was full. */
        synchronized boolean leave() {
            return taken-- >= slots;
        }
    }

    /** A slot that is kept for a job on its way in. */
    private final class Kept implements FreeSlots.Slot {
        private final Lane lane;

        Kept(Lane lane) {
            this.lane = lane;
        }

        @Override
        public String node() {
            return node;
        }

        @Override
        public void run(Claim claim) {
            context.runOnContext(v -> {
                if (draining) {
                    store.release(claim).onSuccess(bus::reaped).onComplete(r -> left(lane.room));
                } else {
                    RunnerVerticle.this.run(claim, lane);
                }
            });
        }

        @Override
        public void giveBack() {
            context.runOnContext(v -> left(lane.room));
        }
    }

    /** The jobs of one queue. */
    private static final class Lane {
        final String queue;
        final NsjailSandbox sandbox;
        final Globs alsoCollected;
        final Room room;
        /** Partitions whose wake list nobody waits at, since no slot is free; and how to go back to waiting. */
        final Map<Integer, Runnable> wakers = new HashMap<>();
        /** The partitions at which it waits in Redis now, until when. */
        final Map<Integer, Future<Boolean>> asleep = new HashMap<>();

        Lane(String queue, NsjailSandbox sandbox, Globs alsoCollected, Room room) {
            this.queue = queue;
            this.sandbox = sandbox;
            this.alsoCollected = alsoCollected;
            this.room = room;
        }

        boolean isFull() {
            return room.isFull();
        }
    }

    /** Threads that the verticle needs: its handlers, and what blocks meanwhile in each slot of the sandbox. */
    public static int poolSize(RunnerSettings settings) {
        return settings.interpreters().size() * NsjailSandbox.slots(settings) + 2;
    }

    /** How many jobs run here now. Any thread may ask. */
    public int running() {
        return busy;
    }

    /** Keeps a slot for a job that is about to be accepted, as {@link FreeSlots} has it. Any thread may ask. */
    public Optional<FreeSlots.Slot> reserve(String queue) {
        Lane lane = open.get(queue);
        if (lane == null || draining || paused || !lane.room.reserve()) {
            return Optional.empty();
        }
        Kept slot = new Kept(lane);
        if (draining) { // since then: the node waits for this slot, or has not seen it
            slot.giveBack();
            return Optional.empty();
        }
        return Optional.of(slot);
    }

    @Override
    public Future<?> start() {
        return openPackages()
                .compose(v -> openSandboxes())
                .compose(v -> kept(RedisLink.open(vertx, redis, "runner")))
                .onSuccess(link -> store = new JobStore(link, queue, meters))
                .compose(v -> {
                    List<Future<?>> sleepers = new ArrayList<>();
                    for (Lane lane : lanes) {
                        List<String> keys = lane.room.slots == 0 ? List.of() : JobStore.keysOfPartitions(queue);
                        for (int k = 0; k < keys.size(); k++) {
                            int partition = k;
                            String name = "runner wake " + lane.queue + " " + k;
                            sleepers.add(kept(RedisLink.openBlocking(vertx, redis, name, WAKE_S * 1000, keys.get(k)))
                                    .onSuccess(link -> sleep(link, partition, lane)));
                        }
                    }
                    return Future.all(sleepers);
                })
                .compose(sleepers -> {
                    var cancels = bus.onCancels(id -> {
                        JobRun run = running.get(id.text());
                        if (run != null) {
                            run.cancel();
                        }
                    });
                    var inputs = bus.onInputs(id -> {
                        JobRun run = running.get(id.text());
                        if (run != null) {
                            run.inputCame();
                        }
                    });
                    open = lanes.stream().collect(Collectors.toUnmodifiableMap(l -> l.queue, l -> l));
                    pull();
                    return Future.all(cancels.completion(), inputs.completion());
                })
                .recover(e -> closeSandboxes().transform(r -> closePackages()).transform(r -> Future.failedFuture(e)));
    }

    private Future<Void> openPackages() {
        if (settings.dependencies().isEmpty()) {
            return Future.succeededFuture();
        }
        var context = vertx.getOrCreateContext();
        return vertx.executeBlocking(() -> Packages.open(vertx, context, settings), false)
                .onSuccess(opened -> packages = Optional.of(opened))
                .mapEmpty();
    }

    /** One after the other: a self-test that has the machine for itself finds what it should. */
    private Future<Void> openSandboxes() {
        Future<Void> all = Future.succeededFuture();
        for (Interpreter interpreter : settings.interpreters()) {
            all = all.compose(v -> vertx.executeBlocking(
                            () -> NsjailSandbox.open(vertx, settings, interpreter, limits), false))
                    .compose(sandbox -> {
                        String runtime = interpreter.runtime();
                        Globs collect = Globs.of(interpreter.collect());
                        lanes.add(new Lane(runtime, sandbox, collect, room));
                        lanes.add(new Lane(JobSpec.interactiveQueue(runtime), sandbox, collect, interactiveRoom));
                        return selfTest(sandbox, interpreter);
                    });
        }
        return all;
    }

    private Future<?> closeSandboxes() {
        return Future.join(lanes.stream()
                .map(l -> l.sandbox)
                .distinct()
                .map(NsjailSandbox::close)
                .toList());
    }

    private Future<Void> closePackages() {
        return packages.map(Packages::close).orElseGet(Future::succeededFuture);
    }

    private Future<RedisLink> kept(Future<RedisLink> opening) {
        return opening.onSuccess(links::add);
    }

    /** Tries every limit: a node whose jail does not hold what the settings promise must not take jobs. */
    private Future<Void> selfTest(NsjailSandbox sandbox, Interpreter interpreter) {
        return sandbox.park()
                .compose(v -> new SelfTest(vertx, sandbox, interpreter, limits).run())
                .compose(report -> {
                    report.stream()
                            .filter(f -> f.what().equals(SelfTest.COPIES) && f.held() != SelfTest.Held.YES)
                            .forEach(f -> LOG.warn("{}", f));
                    List<SelfTest.Finding> failed = report.stream()
                            .filter(f -> f.held() == SelfTest.Held.NO)
                            .toList();
                    return failed.isEmpty()
                            ? Future.succeededFuture()
                            : Future.failedFuture(new Sandbox.SandboxException("The jail of " + interpreter.runtime()
                                    + " does not hold what the settings promise: " + failed));
                });
    }

    /** Waits for work, while there is room for it. */
    private void sleep(RedisLink blocking, int partition, Lane lane) {
        if (draining) {
            return;
        }
        if (isShut(lane)) {
            lane.wakers.put(partition, () -> sleep(blocking, partition, lane));
            return;
        }
        Future<Boolean> waiting = store.awaitWake(blocking, partition, lane.queue, node, WAKE_S);
        lane.asleep.put(partition, waiting);
        waiting.onComplete(r -> {
            lane.asleep.remove(partition);
            if (draining) {
                return;
            }
            if (r.failed()) {
                vertx.setTimer(RETRY_MS, t -> sleep(blocking, partition, lane));
                return;
            }
            if (r.result()) {
                nextPartition = partition;
                if (isShut(lane)) {
                    // It filled up, or was shut, while it slept: another runner may be idle.
                    store.passWake(partition, lane.queue);
                }
            }
            pull();
            sleep(blocking, partition, lane);
        });
    }

    /** Claims until there is no free slot or no job. */
    private void pull() {
        if (claiming) {
            claimAgain = true;
            return;
        }
        if (draining || lanes.stream().allMatch(this::isShut)) {
            return;
        }
        claiming = true;
        claimAgain = false;
        lastClaim = claimFrom(queue.partitions());
        lastClaim.onComplete(r -> {
            claiming = false;
            moreWait = r.succeeded() && r.result();
            if (claimAgain || moreWait) {
                pull();
            }
        });
    }

    /** Tries the partitions in turn until one has a job; true when another one waits there. */
    private Future<Boolean> claimFrom(int tries) {
        if (tries == 0) {
            return Future.succeededFuture(false);
        }
        int partition = nextPartition;
        nextPartition = (nextPartition + 1) % queue.partitions();
        List<Room> rooms = paused
                ? List.of()
                : Stream.of(room, interactiveRoom).filter(Room::beginClaim).toList();
        List<String> queues = lanes.stream()
                .filter(l -> rooms.contains(l.room))
                .map(l -> l.queue)
                .toList();
        if (queues.isEmpty()) {
            return Future.succeededFuture(false);
        }
        Future<Optional<Claim>> claiming = store.claim(partition, queues, node);
        return claiming.recover(e -> Future.succeededFuture(Optional.empty())).compose(claim -> {
            Optional<Lane> lane = claim.map(this::laneOf);
            rooms.forEach(r -> r.endClaim(lane.isPresent() && lane.get().room == r));
            if (claim.isEmpty()) {
                return claimFrom(tries - 1);
            }
            if (draining) { // the node began to stop meanwhile
                return store.release(claim.get())
                        .onSuccess(bus::reaped)
                        .onComplete(r -> left(lane.get().room))
                        .map(false);
            }
            run(claim.get(), lane.get());
            return Future.succeededFuture(claim.get().more());
        });
    }

    private Lane laneOf(Claim claim) {
        return lanes.stream()
                .filter(l -> l.queue.equals(claim.spec().queue()))
                .findFirst()
                .orElseThrow();
    }

    /** Runs a job in a slot that is taken already. */
    private void run(Claim claim, Lane lane) {
        JobRun run = new JobRun(
                vertx,
                store,
                bus,
                meters,
                lane.sandbox,
                claim,
                settings.beatMs(),
                runtimes,
                lane.alsoCollected,
                packages);
        running.put(claim.id().text(), run);
        busy = running.size();
        run.run().onComplete(r -> {
            running.remove(claim.id().text());
            busy = running.size();
            left(lane.room);
        });
    }

    /** A slot is free again. */
    private void left(Room where) {
        boolean wasFull = where.leave();
        if (idle != null && isIdle()) {
            idle.tryComplete();
        }
        List<Lane> woken = lanes.stream()
                .filter(l -> l.room == where && !l.wakers.isEmpty())
                .toList();
        // What came meanwhile has woken a lane, and what was there before has been seen by the last claim.
        if (wasFull && (moreWait || !woken.isEmpty())) {
            pull();
            woken.forEach(RunnerVerticle::goBackToWaiting);
        }
    }

    private boolean isIdle() {
        return room.isEmpty() && interactiveRoom.isEmpty();
    }

    private static void goBackToWaiting(Lane lane) {
        List<Runnable> awake = List.copyOf(lane.wakers.values());
        lane.wakers.clear();
        awake.forEach(Runnable::run);
    }

    private boolean isShut(Lane lane) {
        return paused || lane.isFull();
    }

    /** Takes no more jobs from now on, or takes them again; those that run go on. Any thread may ask. */
    public void pause(boolean on) {
        context.runOnContext(v -> {
            if (paused == on) {
                return;
            }
            paused = on;
            LOG.info(on ? "no more jobs are taken" : "jobs are taken again");
            if (!on) {
                pull();
                lanes.forEach(RunnerVerticle::goBackToWaiting);
            }
        });
    }

    /**
     * Claims no more, lets what runs end within the drain time, gives the rest back for another runner to
     * start, and leaves nothing behind.
     */
    @Override
    public Future<?> stop() {
        draining = true;
        idle = Promise.promise();
        if (isIdle()) {
            idle.complete();
        } else {
            LOG.info("waiting up to {} ms for {} running jobs", settings.drainMs(), running.size());
        }
        return lastClaim
                .transform(r -> idle.future())
                .timeout(Math.max(1, settings.drainMs()), TimeUnit.MILLISECONDS)
                .recover(e -> Future.join(List.copyOf(running.values()).stream()
                                .map(JobRun::giveBack)
                                .toList())
                        .mapEmpty())
                .eventually(this::closeSandboxes)
                .eventually(this::closePackages)
                .eventually(this::wakeSleepers)
                .eventually(
                        () -> Future.join(links.stream().map(RedisLink::close).toList()))
                // The last events of closed sockets still need a thread of ours.
                .eventually(() -> vertx.timer(LAST_EVENTS_MS, TimeUnit.MILLISECONDS));
    }

    /** A reply that came after the verticle's end would find no thread. */
    private Future<?> wakeSleepers() {
        List<Future<Boolean>> waits = new ArrayList<>();
        for (Lane lane : lanes) {
            waits.addAll(lane.asleep.values());
            List.copyOf(lane.asleep.keySet()).forEach(k -> store.wakeNode(k, node));
        }
        return Future.join(waits);
    }
}
