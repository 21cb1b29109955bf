package dev.onpyrunner.job;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.MessageConsumer;
import java.util.List;

/**
 * One reader of one job's event log: what was, then what comes, with no gap and no repeat.
 *
 * <p>It hears the event bus first, then reads the log from its place, then follows. An event that comes by the bus is
 * passed on only when it is the very next one; else, and whenever the reader was full, the log is read. So the log
 * decides, the bus only makes it quick, and nothing is kept in memory for a slow reader.
 *
 * <p>Confined to the context on which it was opened.
 */
public final class JobFeed {
    /** How often the log is looked at in case the bus lost a message. */
    private static final long LOOK_AGAIN_MS = 1_500;
    /** Events read at once; each holds 16 KiB of output at most, so a page stays about 256 KiB. */
    private static final int PAGE = 16;
    /** A longer batch, in characters, is read from the log in pages: each viewer holds what it was given last. */
    private static final int MAX_BATCH = 256 * 1024;

    /** Where the events go. */
    public interface Viewer {
        /** Whether it wants no more for now; it calls {@link JobFeed#resume()} when it does again. */
        boolean isFull();

        /**
         * Takes events; after a batch that has {@link EventBatch#ended()} nothing follows. That batch is empty when the
         * end had been seen before.
         */
        void events(EventBatch batch);

        /** The log cannot be read any more; nothing follows. */
        void failed(Throwable cause);
    }

    private final Vertx vertx;
    private final JobStore store;
    private final JobId id;
    private final Viewer viewer;
    private EventId last;
    private MessageConsumer<String> consumer;
    private long timer = -1;
    private boolean reading;
    /** Something may have been added to the log since the read that is under way began. */
    private boolean stale;
    /** The viewer was full, or the bus brought something out of order: only the log knows what is next. */
    private boolean behind = true;

    private boolean closed;

    private JobFeed(Vertx vertx, JobStore store, JobId id, EventId after, Viewer viewer) {
        this.vertx = vertx;
        this.store = store;
        this.id = id;
        this.viewer = viewer;
        this.last = after;
    }

    /**
     * Starts reading.
     *
     * @param after the last event that the viewer has; {@link EventId#START} for all
     */
    public static JobFeed open(Vertx vertx, JobStore store, JobId id, EventId after, Viewer viewer) {
        JobFeed feed = new JobFeed(vertx, store, id, after, viewer);
        feed.consumer = new JobBus(vertx).onEvents(id, feed::heard);
        feed.timer = vertx.setPeriodic(LOOK_AGAIN_MS, t -> feed.look());
        feed.consumer.completion().onComplete(r -> feed.look());
        return feed;
    }

    private void heard(EventBatch batch) {
        if (closed || (batch != null && !batch.last().isAfter(last))) {
            return;
        }
        boolean isNext = batch != null
                && !behind
                && !reading
                && batch.first().follows(last)
                && batch.json().length() <= MAX_BATCH;
        if (isNext && !viewer.isFull()) {
            deliver(batch);
        } else {
            look();
        }
    }

    /** Goes on after the viewer was full. */
    public void resume() {
        if (behind) {
            look();
        }
    }

    private void look() {
        if (closed) {
            return;
        }
        if (viewer.isFull()) {
            behind = true;
            return;
        }
        if (reading) {
            stale = true;
            return;
        }
        reading = true;
        stale = false;
        store.log(id, last, PAGE).compose(this::batch).onComplete(r -> {
            reading = false;
            if (closed) {
                return;
            }
            if (r.failed()) {
                if (r.cause() instanceof Refusal) {
                    close();
                    viewer.failed(r.cause());
                }
                return; // Redis is away: the timer looks again
            }
            Page page = r.result();
            behind = page.full();
            if (page.batch() != null) {
                deliver(page.batch());
            }
            if (behind || stale) {
                look();
            }
        });
    }

    private record Page(EventBatch batch, boolean full) {}

    private Future<Page> batch(List<JobEvent> events) {
        if (events.isEmpty()) {
            return nothing();
        }
        boolean full = events.size() == PAGE;
        return events.get(events.size() - 1).isEnd()
                ? store.find(id).map(job -> new Page(EventBatch.of(events, job), false))
                : Future.succeededFuture(new Page(EventBatch.of(events, null), full));
    }

    /** There is nothing new: because there is no job any more, or its end has been seen, or there will be more. */
    private Future<Page> nothing() {
        return store.find(id).compose(job -> {
            if (!job.status().isTerminal()) {
                return Future.succeededFuture(new Page(null, false));
            }
            return store.log(id, last, PAGE)
                    .compose(events -> events.isEmpty()
                            ? Future.succeededFuture(new Page(new EventBatch(last, last, true, "[]"), false))
                            : batch(events));
        });
    }

    private void deliver(EventBatch batch) {
        last = batch.last();
        if (batch.ended()) {
            close();
        }
        viewer.events(batch);
    }

    /** Stops reading; the viewer hears nothing more. */
    public void close() {
        if (!closed) {
            closed = true;
            vertx.cancelTimer(timer);
            consumer.unregister();
        }
    }
}
