package dev.onpyrunner;

import dev.onpyrunner.job.JobBus;
import dev.onpyrunner.job.JobMeters;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.Nodes;
import dev.onpyrunner.job.QueueSettings;
import dev.onpyrunner.job.RuntimeCatalog;
import dev.onpyrunner.redis.RedisLink;
import dev.onpyrunner.redis.RedisSettings;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What every node does, whatever its role: it looks twice a second for jobs whose runner is lost or that waited too
 * long, and says that it is there.
 */
final class Housekeeper extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(Housekeeper.class);
    private static final long REAP_MS = 500;
    private static final long BEAT_MS = 2_000;
    private static final long ANNOUNCE_MS = 10_000;

    private final RedisSettings redis;
    private final QueueSettings queue;
    private final JobBus bus;
    private final JobMeters meters;
    private final Supplier<Nodes.Info> self;
    private final Consumer<Boolean> drain;
    private final RuntimeCatalog runtimes;
    private RedisLink link;
    private Nodes nodes;
    private Optional<Nodes.Slots> slots = Optional.empty();

    /**
     * Makes a housekeeper.
     *
     * @param self what the other nodes are to hear of this one
     * @param drain is told each time whether this node is to take no more jobs
     */
    Housekeeper(
            RedisSettings redis,
            QueueSettings queue,
            JobBus bus,
            JobMeters meters,
            Supplier<Nodes.Info> self,
            Consumer<Boolean> drain,
            RuntimeCatalog runtimes) {
        this.redis = redis;
        this.queue = queue;
        this.bus = bus;
        this.meters = meters;
        this.self = self;
        this.drain = drain;
        this.runtimes = runtimes;
    }

    @Override
    public Future<?> start() {
        return RedisLink.open(vertx, redis, "housekeeper").compose(l -> {
            link = l;
            nodes = new Nodes(l, queue);
            JobStore store = new JobStore(l, queue, meters);
            vertx.setPeriodic(0, BEAT_MS, t -> beat());
            vertx.setPeriodic(ANNOUNCE_MS, t -> announce());
            vertx.setPeriodic(REAP_MS, t -> {
                for (int k = 0; k < queue.partitions() && store.isUp(); k++) {
                    reap(store, k);
                }
            });
            return announce(); // before requests come that name a runtime of another node
        });
    }

    private Future<Void> announce() {
        return nodes.announce(runtimes.own())
                .onSuccess(runtimes::saw)
                .<Void>mapEmpty()
                .recover(e -> {
                    LOG.debug("the other nodes' runtimes cannot be seen: {}", e.getMessage());
                    return Future.succeededFuture();
                });
    }

    private void beat() {
        nodes.isToDrain(self.get().name())
                .onSuccess(drain::accept)
                .compose(v -> nodes.beat(self.get()))
                .onSuccess(all -> slots = Optional.of(Nodes.Slots.of(all)))
                .onFailure(e -> LOG.debug("the other nodes cannot be seen: {}", e.getMessage()));
    }

    private void reap(JobStore store, int partition) {
        store.reap(partition, slots)
                .onSuccess(moved -> moved.forEach(bus::reaped))
                .onFailure(e -> LOG.debug("reaping failed: {}", e.getMessage()));
    }

    @Override
    public Future<?> stop() {
        return link == null
                ? Future.succeededFuture()
                : nodes.leave(self.get().name()).transform(r -> link.close());
    }
}
