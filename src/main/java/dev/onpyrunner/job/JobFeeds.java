package dev.onpyrunner.job;

import io.vertx.core.Vertx;
import java.util.HashMap;
import java.util.Map;

/**
 * The feeds of one event loop: one for each job that has viewers there.
 *
 * <p>Not one for the whole node: so a feed and its viewers are on one thread, and what is sent to a thousand viewers is
 * handed between threads once for each event loop.
 */
public final class JobFeeds {
    private final Vertx vertx;
    private final JobStore store;
    private final JobBus bus;
    private final Map<JobId, JobFeed> feeds = new HashMap<>();

    public JobFeeds(Vertx vertx, JobStore store, JobBus bus) {
        this.vertx = vertx;
        this.store = store;
        this.bus = bus;
    }

    /**
     * Shows a job to one more viewer, beginning later than this turn.
     *
     * @param after the last event that the viewer has; {@link EventId#START} for all
     */
    public JobFeed.Place open(JobId id, EventId after, JobFeed.Viewer viewer) {
        return feeds.computeIfAbsent(id, i -> new JobFeed(vertx, store, bus, i, () -> feeds.remove(i)))
                .open(after, viewer);
    }
}
