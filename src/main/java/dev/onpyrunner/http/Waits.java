package dev.onpyrunner.http;

import dev.onpyrunner.http.Problem.Kind;
import dev.onpyrunner.job.JobBus;
import dev.onpyrunner.job.JobId;
import dev.onpyrunner.job.JobStatus;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.Refusal;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Requests that wait for their job, without a thread.
 *
 * <p>The event bus wakes them; in case it lost a message, each job that is waited for is looked at once a second, once
 * for all that wait for it. Confined to one context.
 */
final class Waits {
    private static final long LOOK_AGAIN_MS = 1_000;
    /** A wait of more of them is longer than any that is granted. */
    private static final int MOST_DIGITS = 9;

    private static final Pattern PREFER_WAIT = Pattern.compile("(?:^|[,;\\s])wait\\s*=\\s*\"?([^,;\"\\s]*)");

    private final Vertx vertx;
    private final JobStore store;
    private final JobBus bus;
    private final int most;
    private final int maxWaitS;
    private final Map<JobId, Set<Waiter>> waiting = new HashMap<>();
    private int count;
    private boolean stopping;

    /** {@code over}: with the job, when it came with the word of its end. */
    private record Waiter(Predicate<JobStatus> enough, Promise<Optional<JobStore.Whole>> over) {}

    /**
     * Nobody waits yet.
     *
     * @param most how many may wait at once
     * @param maxWaitS how long one may wait, in seconds
     */
    Waits(Vertx vertx, JobStore store, JobBus bus, int most, int maxWaitS) {
        this.vertx = vertx;
        this.maxWaitS = maxWaitS;
        this.store = store;
        this.most = most;
        this.bus = bus;
        vertx.setPeriodic(LOOK_AGAIN_MS, t -> List.copyOf(waiting.keySet()).forEach(this::look));
    }

    /** Lets one more request wait, if as many as may do not wait yet. What enters has to {@link #leave}. */
    private boolean enter() {
        if (count >= most) {
            return false;
        }
        count++;
        return true;
    }

    private void leave() {
        count--;
    }

    /** How long the request may wait: as {@code ?wait=} says, else {@code Prefer: wait=} (RFC 7240), capped. */
    long waitMs(RoutingContext ctx) {
        String wait = ctx.request().getParam("wait");
        if (wait == null) {
            Matcher m =
                    PREFER_WAIT.matcher(String.join(",", ctx.request().headers().getAll("Prefer")));
            wait = m.find() ? m.group(1) : "0";
        }
        if (!wait.matches("[0-9]+")) {
            throw new Problem.Thrown(Problem.of(Kind.BAD_REQUEST, "wait must be a whole number of seconds."));
        }
        return granted(ctx, wait.length() > MOST_DIGITS ? Long.MAX_VALUE : Long.parseLong(wait) * 1000);
    }

    /** How long a request may wait that asks for so long: 0 when too many wait already. */
    long granted(RoutingContext ctx, long wishMs) {
        long waitMs = Math.min(wishMs, maxWaitS * 1000L);
        if (waitMs <= 0 || ctx.response().closed() || !enter()) {
            return 0;
        }
        ctx.addEndHandler(r -> leave());
        return waitMs;
    }

    /** Tells the client how long its request could wait (RFC 7240, section 3). */
    static void tell(HttpServerResponse response, long waitMs) {
        if (waitMs > 0) {
            response.putHeader("Preference-Applied", "wait=" + waitMs / 1000);
        }
    }

    /** Completes when the time is up, or the client has given up. */
    Future<Void> until(RoutingContext ctx, long waitMs) {
        if (ctx.response().closed()) {
            return Future.succeededFuture(); // nobody would hear the end of it
        }
        Promise<Void> over = Promise.promise();
        long timer = vertx.setTimer(waitMs, t -> over.tryComplete());
        ctx.addEndHandler(r -> {
            vertx.cancelTimer(timer);
            over.tryComplete();
        });
        return over.future();
    }

    /** Hears the ends of jobs that were accepted under this bus address. */
    Future<Void> listen(String address) {
        return bus.onOwnEnds(address, end -> wake(end.id(), JobStatus.DONE, end.whole()))
                .completion();
    }

    /**
     * Waits until a job has ended that a request has just posted: it is one of this node's, unless the request was repeated.
     * Ends early when {@code until} completes.
     *
     * @return the job as it then is; fails as {@link JobStore#whole}
     */
    Future<JobStore.Whole> untilEnd(JobStore.Accepted accepted, Future<?> until) {
        JobId id = accepted.id();
        Future<Optional<JobStore.Whole>> waited = accepted.replayed()
                ? untilEndOf(id, until).map(Optional.empty())
                : await(id, JobStatus::isTerminal, until, null);
        return waited.compose(seen -> seen.map(Future::succeededFuture).orElseGet(() -> store.whole(id)));
    }

    /** Waits until a job has another state than the given one. Ends early when {@code until} completes. */
    Future<Void> untilOtherThan(JobId id, JobStatus seen, Future<?> until) {
        JobBus.Listening listening = bus.onEvents(id, batch -> {
            if (batch == null || batch.ended()) {
                look(id);
            }
        });
        return await(id, s -> s != seen, until, listening).mapEmpty();
    }

    /**
     * Waits until a job has ended, wherever it was accepted. Ends early when {@code until} completes, or the node stops.
     *
     * @return fails as {@link JobStore#status}
     */
    Future<Void> untilEndOf(JobId id, Future<?> until) {
        return store.status(id)
                .compose(status -> status.isTerminal() || until.isComplete() || stopping
                        ? Future.succeededFuture()
                        : untilOtherThan(id, status, until).compose(v -> untilEndOf(id, until)));
    }

    /** Completes, never fails, with the job if it is known then; else it is to be looked at. */
    private Future<Optional<JobStore.Whole>> await(
            JobId id, Predicate<JobStatus> enough, Future<?> until, JobBus.Listening listening) {
        Waiter waiter = new Waiter(enough, Promise.promise());
        waiting.computeIfAbsent(id, k -> new HashSet<>()).add(waiter);
        until.onComplete(r -> waiter.over().tryComplete(Optional.empty()));
        if (listening != null) {
            // It may have changed between the caller's look and the registration.
            listening.completion().onComplete(r -> look(id));
        }
        return waiter.over().future().onComplete(r -> {
            Set<Waiter> others = waiting.get(id);
            if (others != null) {
                others.remove(waiter);
                if (others.isEmpty()) {
                    waiting.remove(id);
                }
            }
            if (listening != null) {
                listening.close();
            }
        });
    }

    private void look(JobId id) {
        store.status(id).onSuccess(status -> wake(id, status)).onFailure(e -> {
            if (e instanceof Refusal) {
                wake(id, JobStatus.ERROR); // it is gone: let the request see that
            }
        });
    }

    private void wake(JobId id, JobStatus status) {
        wake(id, status, Optional.empty());
    }

    private void wake(JobId id, JobStatus status, Optional<JobStore.Whole> whole) {
        for (Waiter waiter : List.copyOf(waiting.getOrDefault(id, Set.of()))) {
            if (waiter.enough().test(status)) {
                waiter.over().tryComplete(whole);
            }
        }
    }

    /** Ends every wait at once, as when the node stops. */
    void endAll() {
        stopping = true;
        List.copyOf(waiting.values())
                .forEach(set -> List.copyOf(set).forEach(w -> w.over().tryComplete(Optional.empty())));
    }
}
