package dev.onpyrunner.job;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One job's event log as its viewers on one event loop see it: what was, then what comes, with no gap and no repeat.
 *
 * <p>It hears the event bus first, then the log is read from each viewer's place, then viewers follow. A batch that comes
 * by the bus is passed on to those for whom it is the very next one; the others, and whoever was full, read the log. So
 * the log decides, the bus only makes it quick, and nothing is kept in memory for a slow viewer. Viewers at the same place
 * share what they read: the same batch is handed to all of them.
 *
 * <p>Confined to the context on which it was opened.
 */
public final class JobFeed {
    /** How often the log is looked at in case the bus lost a message. */
    private static final long LOOK_AGAIN_MS = 1_500;
    /** Events read at once; each holds 16 KiB of output at most. */
    private static final int PAGE = 16;

    /** Where the events go. */
    public interface Viewer {
        /** Whether it wants no more for now; it calls {@link Place#resume()} when it does again. */
        boolean isFull();

        /**
         * Takes events; after a batch that has {@link EventBatch#ended()} nothing follows. That batch is empty when the
         * end had been seen before.
         */
        void events(EventBatch batch);

        /** The log cannot be read any more; nothing follows. */
        void failed(Throwable cause);
    }

    /** What one read of the log found; a batch or null, and whether there may be more after it. */
    private record Page(EventBatch batch, boolean full) {}

    /** A read of the log that is under way, for all viewers at one place. */
    private static final class Read {
        private Future<Page> page;
        /** Something may have been added to the log since the read began. */
        private boolean stale;
    }

    private final Vertx vertx;
    private final JobStore store;
    private final JobId id;
    private final Set<Place> places = new HashSet<>();
    private final Map<EventId, Read> reads = new HashMap<>();
    private final JobBus.Listening listening;
    private final Runnable whenUnused;

    JobFeed(Vertx vertx, JobStore store, JobBus bus, JobId id, Runnable whenUnused) {
        this.vertx = vertx;
        this.store = store;
        this.id = id;
        listening = bus.onEvents(id, this::heard);
        // Whoever was shown the log before that may have missed what came meanwhile.
        listening.completion().onComplete(r -> heard(null));
        long timer = vertx.setPeriodic(LOOK_AGAIN_MS, t -> heard(null));
        this.whenUnused = () -> {
            vertx.cancelTimer(timer);
            listening.close();
            whenUnused.run();
        };
    }

    Place open(EventId after, Viewer viewer) {
        Place place = new Place(after, viewer);
        places.add(place);
        vertx.runOnContext(v -> place.look());
        return place;
    }

    private void heard(EventBatch heard) {
        reads.values().forEach(read -> read.stale = true);
        EventBatch batch = heard == null || heard.isLong() ? null : heard;
        for (Place place : List.copyOf(places)) {
            place.heard(batch);
        }
    }

    private Read read(EventId after) {
        Read known = reads.get(after);
        if (known != null) {
            return known;
        }
        Read read = new Read();
        reads.put(after, read);
        read.page = store.log(id, after, PAGE)
                .compose(events -> page(after, events))
                .andThen(r -> reads.remove(after));
        return read;
    }

    private Future<Page> page(EventId after, List<JobEvent> events) {
        if (events.isEmpty()) {
            return nothing(after);
        }
        EventBatch batch = EventBatch.page(events);
        boolean full = events.size() == PAGE || batch.last().compareTo(last(events)) < 0;
        return batch.ended()
                ? store.find(id).map(job -> new Page(EventBatch.of(events, job), false))
                : Future.succeededFuture(new Page(batch, full));
    }

    private static EventId last(List<JobEvent> events) {
        return events.get(events.size() - 1).id();
    }

    /** There is nothing new: because there is no job any more, or its end has been seen, or there will be more. */
    private Future<Page> nothing(EventId after) {
        return store.find(id).compose(job -> {
            if (!job.status().isTerminal()) {
                return Future.succeededFuture(new Page(null, false));
            }
            return store.log(id, after, PAGE)
                    .compose(events -> events.isEmpty()
                            ? Future.succeededFuture(new Page(new EventBatch(after, after, true, "[]"), false))
                            : page(after, events));
        });
    }

    /** How far one viewer has come. */
    public final class Place {
        private final Viewer viewer;
        private EventId last;
        private boolean reading;
        /** The viewer was full, or the bus brought something out of order: only the log knows what is next. */
        private boolean behind = true;

        private boolean closed;

        private Place(EventId after, Viewer viewer) {
            this.last = after;
            this.viewer = viewer;
        }

        /** {@code batch} is null when the log is to be looked at. */
        private void heard(EventBatch batch) {
            if (batch != null && !batch.last().isAfter(last)) {
                return;
            }
            boolean isNext = batch != null
                    && !closed
                    && !behind
                    && !reading
                    && batch.first().follows(last);
            if (isNext && !viewer.isFull()) {
                store.meters().fed(true);
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
            if (closed || reading) {
                return;
            }
            if (viewer.isFull()) {
                behind = true;
                return;
            }
            reading = true;
            Read read = read(last);
            read.page.onComplete(r -> {
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
                behind = r.result().full();
                if (r.result().batch() != null) {
                    store.meters().fed(false);
                    deliver(r.result().batch());
                }
                if (behind || read.stale) {
                    look();
                }
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
                places.remove(this);
                if (places.isEmpty()) {
                    whenUnused.run();
                }
            }
        }
    }
}
