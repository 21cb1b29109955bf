package dev.onpyrunner.runner;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One zygote after the other: a worn one goes on until the next is ready. While there is none that works, jails start fresh
 * interpreters. Confined to the sandbox's context.
 */
final class Zygotes {
    private static final Logger LOG = LoggerFactory.getLogger(Zygotes.class);
    /** After how many milliseconds what failed is tried again. */
    static final long AGAIN_MS = 60_000;
    /** A worn one stays for those that are about to copy it. */
    private static final long LAST_COPIES_MS = 2_000;
    /** Failures of each slot, one after the other and with no success between, before the zygote is blamed and not the slots' forkers. */
    private static final int FAILURES = 3;

    private final Vertx vertx;
    private final Interpreter interpreter;
    private final int mostFailures;
    private final long againMs;
    private final IntFunction<Future<Zygote>> launcher;
    private final Set<Zygote> open = new HashSet<>();
    private Zygote current;
    private Future<Zygote> next;
    private int count;
    private int failures;
    private long notBefore = System.nanoTime();
    /** Whether the last one failed: nobody waits for the next one then. */
    private boolean doubted;

    private boolean refused;
    private boolean closed;

    /**
     * Those of one sandbox.
     *
     * @param againMs after how long what failed is tried again
     * @param launcher starts one; the number tells it apart
     */
    Zygotes(Vertx vertx, Interpreter interpreter, int slots, long againMs, IntFunction<Future<Zygote>> launcher) {
        this.vertx = vertx;
        this.interpreter = interpreter;
        this.mostFailures = slots * FAILURES;
        this.againMs = againMs;
        this.launcher = launcher;
    }

    /**
     * The one to be copied now; empty for a fresh interpreter. Never fails.
     *
     * @param present the one whose forker is there already: it goes on when the zygote itself has died
     */
    Future<Optional<Zygote>> current(Optional<Zygote> present) {
        if (!interpreter.entered() || refused || closed) {
            return Future.succeededFuture(Optional.empty());
        }
        boolean works = current != null
                && (current.isAlive() || present.filter(current::equals).isPresent());
        boolean isDue = current == null || !current.isAlive() || current.isWorn(interpreter);
        if (isDue && next == null && System.nanoTime() - notBefore >= 0) {
            startNext();
        }
        if (works) {
            return Future.succeededFuture(Optional.of(current));
        }
        return next == null || doubted
                ? Future.succeededFuture(Optional.empty())
                : next.map(Optional::of).otherwise(Optional.empty());
    }

    private void startNext() {
        next = launcher.apply(count++)
                .onSuccess(open::add)
                .compose(z -> z.ready(vertx, open::contains).map(z).recover(e -> {
                    discard(z);
                    return Future.failedFuture(e);
                }))
                .onComplete(r -> {
                    next = null;
                    if (closed) {
                        open.forEach(Zygote::end);
                    } else if (r.succeeded()) {
                        Zygote worn = current;
                        current = r.result();
                        vertx.setTimer(LAST_COPIES_MS, t -> discard(worn));
                        failures = 0;
                        doubted = false;
                    } else {
                        giveUpForNow(r.cause().getMessage());
                    }
                });
    }

    private void giveUpForNow(String why) {
        LOG.warn(
                "the warm interpreter cannot be used; jails start fresh ones, and it is tried again in a minute: {}",
                why);
        doubted = true;
        notBefore = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(againMs);
    }

    private void discard(Zygote zygote) {
        if (zygote != null) {
            open.remove(zygote);
            zygote.end();
        }
    }

    /** Tells how a jail with a copy of this one was made. */
    void parked(Zygote zygote, boolean well) {
        if (zygote != current) {
            return;
        }
        zygote.copied();
        failures = well ? 0 : failures + 1;
        if (failures >= mostFailures) {
            failures = 0;
            current = null;
            discard(zygote);
            giveUpForNow("no copy of it came to be, " + mostFailures + " times");
        }
    }

    /** Copies are not what they should be: none of them any more. */
    void refuse() {
        refused = true;
        discard(current);
        current = null;
    }

    boolean areUsed() {
        return current != null;
    }

    void close() {
        closed = true;
        open.forEach(Zygote::end);
    }
}
