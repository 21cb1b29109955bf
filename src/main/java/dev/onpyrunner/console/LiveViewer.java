package dev.onpyrunner.console;

import dev.onpyrunner.job.JobFeed;
import io.vertx.core.Future;
import java.util.concurrent.TimeUnit;

/**
 * A client that follows a job, over whichever protocol.
 *
 * <p>The write queue of a socket lets megabytes pass before it calls itself full. So a viewer counts what its socket has
 * not taken yet, and is full while that is anything at all: it holds one batch of events at most, and gets the rest from
 * the log. One that is silent is sent a sign of life now and then, which keeps proxies from closing the connection and
 * shows us a dead client; one that takes nothing for a minute is let go.
 */
abstract class LiveViewer implements JobFeed.Viewer {
    static final int HEARTBEAT_MS = 20_000;

    private JobFeed.Place place;
    private int onTheWay;
    /** When something was sent after a silence, or was taken. */
    private long lastNanos = System.nanoTime();

    /** Follows from here on. */
    final void at(JobFeed.Place at) {
        place = at;
    }

    @Override
    public final boolean isFull() {
        return onTheWay > 0;
    }

    /** Counts something that is being written. */
    final void sent(Future<Void> written) {
        if (onTheWay++ == 0) {
            lastNanos = System.nanoTime();
        }
        written.onComplete(r -> {
            onTheWay--;
            lastNanos = System.nanoTime();
            if (onTheWay == 0) {
                place.resume();
            }
        });
    }

    /** Called now and then. */
    final void look(long unreadMs) {
        long silentMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - lastNanos);
        if (onTheWay == 0 && silentMs >= HEARTBEAT_MS) {
            sent(beat());
        } else if (onTheWay > 0 && silentMs >= unreadMs) {
            letGo();
        }
    }

    /** Gets no more events. */
    final void stop() {
        place.close();
    }

    /** Sends a sign of life. */
    abstract Future<Void> beat();

    /** Closes the connection of one who does not read. */
    abstract void letGo();

    /** Closes the connection because the node stops: the client comes back, to any node, with its last event. */
    abstract void drain();
}
