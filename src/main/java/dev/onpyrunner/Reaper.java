package dev.onpyrunner;

import dev.onpyrunner.job.JobBus;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.QueueSettings;
import dev.onpyrunner.redis.RedisLink;
import dev.onpyrunner.redis.RedisSettings;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks twice a second for jobs whose runner is lost, or that waited too long. Every node does, whatever its role. */
final class Reaper extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(Reaper.class);
    private static final long PERIOD_MS = 500;

    private final RedisSettings redis;
    private final QueueSettings queue;
    private RedisLink link;

    Reaper(RedisSettings redis, QueueSettings queue) {
        this.redis = redis;
        this.queue = queue;
    }

    @Override
    public Future<?> start() {
        return RedisLink.open(vertx, redis, "reaper").onSuccess(l -> {
            link = l;
            JobStore store = new JobStore(l, queue);
            vertx.setPeriodic(PERIOD_MS, t -> {
                for (int k = 0; k < queue.partitions() && store.isUp(); k++) {
                    reap(store, k);
                }
            });
        });
    }

    private void reap(JobStore store, int partition) {
        JobBus bus = new JobBus(vertx);
        store.reap(partition)
                .onSuccess(moved -> moved.forEach(r -> {
                    LOG.warn("job {} {}", r.id().brief(), r.what());
                    bus.nudge(r.id());
                }))
                .onFailure(e -> LOG.debug("reaping failed: {}", e.getMessage()));
    }

    @Override
    public Future<?> stop() {
        return link == null ? Future.succeededFuture() : link.close();
    }
}
