package dev.onpyrunner.http;

import dev.onpyrunner.http.Problem.Kind;
import dev.onpyrunner.job.EventId;
import dev.onpyrunner.job.JobBus;
import dev.onpyrunner.job.JobEvent;
import dev.onpyrunner.job.JobId;
import dev.onpyrunner.job.JobSpec;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.JobStore.Whole;
import dev.onpyrunner.job.Limits;
import dev.onpyrunner.job.Refusal;
import dev.onpyrunner.job.RuntimeCatalog;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.EncodeException;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a client may do with jobs, for other protocols than REST: the same checks, the same owner and caps, the same refusals.
 *
 * <p>Futures fail with what {@link #problem} explains. Confined to one event loop.
 */
public final class Desk {
    private static final Logger LOG = LoggerFactory.getLogger(Desk.class);
    /** How many events are read at once: each has at most 16 KiB of output. */
    private static final int EVENTS = 100;

    private final HttpSettings settings;
    private final JobStore store;
    private final Waits waits;
    private final JobBus bus;
    private final Reception reception;

    Desk(HttpSettings settings, JobStore store, Waits waits, JobBus bus, Reception reception) {
        this.settings = settings;
        this.store = store;
        this.waits = waits;
        this.bus = bus;
        this.reception = reception;
    }

    /** The largest body that a request may have. */
    public long maxBodyBytes() {
        return settings.caps().bodyBytes();
    }

    /** How long a request may wait at most. */
    public long maxWaitMs() {
        return settings.maxWaitS() * 1000L;
    }

    /** Limits of jobs that name none. */
    public Limits defaultLimits() {
        return settings.defaults();
    }

    /** How many jobs may wait. */
    public long queueSize() {
        return store.settings().maxQueued();
    }

    /** The largest limits that a job may ask for. */
    public Limits largestLimits() {
        return settings.maximum();
    }

    /** What jobs may ask to be run by. */
    public RuntimeCatalog runtimes() {
        return settings.runtimes();
    }

    /**
     * Takes a job, and waits for its end for a while. A client that goes away ends the wait, not the job.
     *
     * @param job as {@code POST /v1/jobs} takes it
     * @param waitMs 0 for no wait; capped
     * @param taken hears of the job when it is stored
     */
    public Future<Whole> run(RoutingContext ctx, JsonObject job, long waitMs, Consumer<JobId> taken) {
        return accept(ctx, job, ctx.request().getHeader("Idempotency-Key")).compose(accepted -> {
            taken.accept(accepted.id());
            long grantedMs = waits.granted(ctx, waitMs);
            return grantedMs > 0 ? waits.untilEnd(accepted, waits.until(ctx, grantedMs)) : store.whole(accepted.id());
        });
    }

    /** Takes one of several jobs of a request. */
    public Future<JobId> submit(RoutingContext ctx, JsonObject job) {
        return accept(ctx, job, null).map(JobStore.Accepted::id);
    }

    private Future<JobStore.Accepted> accept(RoutingContext ctx, JsonObject job, String header) {
        return Future.<Void>succeededFuture().compose(v -> {
            JobSpec spec = JobReader.json(bytes(job), reception.open(ctx));
            return reception.accept(ctx, spec, JobRoutes.idempotencyKey(header));
        });
    }

    private static Buffer bytes(JsonObject job) {
        try {
            return job.toBuffer();
        } catch (EncodeException e) {
            throw new Problem.Thrown(Problem.of(
                    Kind.INVALID_JOB, "A text has half of a character (a lone surrogate), which UTF-8 cannot hold."));
        }
    }

    /** A job as it is now, or, with a wait, at its end if that comes in time. */
    public Future<Whole> get(RoutingContext ctx, String id, long waitMs) {
        return Future.<Void>succeededFuture().compose(v -> {
            JobId known = id(id);
            long grantedMs = waits.granted(ctx, waitMs);
            Future<Void> waited =
                    grantedMs > 0 ? waits.untilEndOf(known, waits.until(ctx, grantedMs)) : Future.succeededFuture();
            return waited.compose(w -> store.whole(known));
        });
    }

    /** Asks for a cancel; the job as it then is. */
    public Future<Whole> cancel(String id) {
        return Future.<Void>succeededFuture().compose(v -> {
            JobId known = id(id);
            return store.cancel(known).onSuccess(c -> bus.cancelled(known, c)).compose(c -> store.whole(known));
        });
    }

    private static JobId id(String text) {
        if (text == null || !JobId.isWellFormed(text)) {
            throw new Refusal.NoSuchJob();
        }
        return new JobId(text);
    }

    /** Cancels a job when its client goes away unanswered: for protocols in which nobody else could hear of it. */
    public void cancelWhenGone(RoutingContext ctx, JobId id) {
        if (ctx.response().closed()) {
            cancel(id.text());
            return;
        }
        ctx.addEndHandler(ended -> {
            if (ended.failed()) {
                cancel(id.text());
            }
        });
    }

    /** The request that became a job. */
    public Future<JobSpec> spec(String id) {
        return Future.<Void>succeededFuture().compose(v -> store.spec(id(id))).map(JobSpec::fromJson);
    }

    /** What a job has written in its latest start, both streams together, in the order of their writing. */
    public Future<Buffer> written(JobId id) {
        return written(id, EventId.START, Buffer.buffer());
    }

    private Future<Buffer> written(JobId id, EventId after, Buffer before) {
        return store.log(id, after, EVENTS).compose(events -> {
            Buffer all = before;
            for (JobEvent event : events) {
                if (event.kind().equals(JobEvent.REQUEUED)) {
                    all = Buffer.buffer();
                } else if (event.kind().equals(JobEvent.OUT) || event.kind().equals(JobEvent.ERR)) {
                    all.appendBuffer(event.data());
                }
            }
            return events.size() < EVENTS
                    ? Future.succeededFuture(all)
                    : written(id, events.get(events.size() - 1).id(), all);
        });
    }

    /** When to try again after a failure, in seconds; 0 when that would not help. */
    public int retryAfterS(Throwable cause) {
        Problem known = Problems.known(cause);
        return known == null ? 0 : known.retryAfterS();
    }

    /** What a failure means, as RFC 9457 has it: {@code status}, {@code title}, {@code detail}, perhaps {@code errors}. */
    public JsonObject problem(Throwable cause, String instance) {
        Problem known = Problems.known(cause);
        if (known == null) {
            LOG.error("a request to {} failed", instance, cause);
            known = Problem.of(Kind.INTERNAL, "The server made a mistake. Try again.");
        }
        return known.toJson(instance);
    }
}
