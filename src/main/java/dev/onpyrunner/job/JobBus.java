package dev.onpyrunner.job;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.json.JsonObject;

/**
 * The event bus as jobs use it: quick hints, never the truth.
 *
 * <p>{@code onpyrunner.job.<id>} carries a running job's events (an empty text means: look at the log). The address of
 * the node that accepted a job, and {@code onpyrunner.ends}, get {@code {"id", "status"}} at its end. A runner's
 * addresses, {@code onpyrunner.runner.…}, get the id of a job that is to be cancelled or has input.
 */
public final class JobBus {
    public static final String ENDS = "onpyrunner.ends";
    private static final String CANCELS = "onpyrunner.runner.cancel";
    private static final String INPUTS = "onpyrunner.runner.input";
    private static final String FIRST = "first";
    private static final String LAST = "last";
    private static final String ENDED = "ended";

    private final Vertx vertx;

    public JobBus(Vertx vertx) {
        this.vertx = vertx;
    }

    private static String address(JobId id) {
        return "onpyrunner.job." + id;
    }

    /** Passes on events that are in the log already. */
    public void publish(JobId id, EventBatch batch) {
        DeliveryOptions headers = new DeliveryOptions()
                .addHeader(FIRST, batch.first().toString())
                .addHeader(LAST, batch.last().toString())
                .addHeader(ENDED, String.valueOf(batch.ended()));
        vertx.eventBus().publish(address(id), batch.json(), headers);
    }

    /** Tells the job's readers to look at its log. */
    public void nudge(JobId id) {
        vertx.eventBus().publish(address(id), "");
    }

    /** Tells the accepting node, and whoever follows all ends, that the job has ended. */
    public void ended(JobId id, JobStatus status, String acceptedBy) {
        JsonObject end = new JsonObject().put("id", id.text()).put("status", status.name());
        if (!acceptedBy.isEmpty()) {
            vertx.eventBus().publish(acceptedBy, end);
        }
        vertx.eventBus().publish(ENDS, end);
    }

    /** Hears a job's events. The handler gets null when it should look at the log. */
    public MessageConsumer<String> onEvents(JobId id, Handler<EventBatch> handler) {
        return vertx.eventBus().<String>consumer(address(id), m -> {
            EventId first = place(m.headers().get(FIRST));
            EventId last = place(m.headers().get(LAST));
            boolean ended = Boolean.parseBoolean(m.headers().get(ENDED));
            handler.handle(first == null || last == null ? null : new EventBatch(first, last, ended, m.body()));
        });
    }

    private static EventId place(String text) {
        return text == null ? null : EventId.parse(text).orElse(null);
    }

    /** Hears the ends of the jobs that the given address accepted. */
    public MessageConsumer<JsonObject> onEnds(String address, Handler<JobId> handler) {
        return vertx.eventBus().<JsonObject>consumer(address, m -> {
            String id = m.body().getString("id", "");
            if (JobId.isWellFormed(id)) {
                handler.handle(new JobId(id));
            }
        });
    }

    /** Hints at a cancel that has been stored: to the job's runner, or to who follows the job when it has ended at once. */
    public void cancelled(JobId id, JobStore.Cancel cancel) {
        switch (cancel.met()) {
            case ASKED -> vertx.eventBus().publish(CANCELS, id.text());
            case AT_ONCE -> {
                nudge(id);
                ended(id, JobStatus.CANCELLED, cancel.acceptedBy());
            }
            case TOO_LATE -> {}
        }
    }

    /** Hints at what has become of a job that its runner does not run any more. */
    public void reaped(JobStore.Reaped reaped) {
        nudge(reaped.id());
        if (reaped.what().status().isTerminal()) {
            ended(reaped.id(), reaped.what().status(), reaped.acceptedBy());
        }
    }

    /** Hints at input that has been stored for a job. */
    public void input(JobId id) {
        vertx.eventBus().publish(INPUTS, id.text());
    }

    /** Hears of input, for jobs that run here and for others. */
    public MessageConsumer<String> onInputs(Handler<JobId> handler) {
        return onIds(INPUTS, handler);
    }

    /** Hears of cancels, of jobs that run here and of others. */
    public MessageConsumer<String> onCancels(Handler<JobId> handler) {
        return onIds(CANCELS, handler);
    }

    private MessageConsumer<String> onIds(String address, Handler<JobId> handler) {
        return vertx.eventBus().<String>consumer(address, m -> {
            if (JobId.isWellFormed(m.body())) {
                handler.handle(new JobId(m.body()));
            }
        });
    }
}
