package dev.onpyrunner.job;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * The event bus as jobs use it: quick hints, never the truth. One for each node; any thread may use it.
 *
 * <p>{@code onpyrunner.job.<id>} carries a running job's events (an empty text means: look at the log). The address of
 * the node that accepted a job, and {@code onpyrunner.ends}, get {@code {"id", "status"}} at its end. A runner's
 * addresses, {@code onpyrunner.runner.…}, get the id of a job that is to be cancelled or has input.
 */
public final class JobBus {
    static final String ENDS = "onpyrunner.ends";
    private static final String CANCELS = "onpyrunner.runner.cancel";
    private static final String INPUTS = "onpyrunner.runner.input";
    private static final String FIRST = "first";
    private static final String LAST = "last";
    private static final String ENDED = "ended";

    private final Vertx vertx;
    /** Outlives each verticle, and what the other nodes keep waiting here keeps no verticle's threads waiting. */
    private final Context own;

    /** Who is heard, by job: other nodes see one registration, however many listen here. Guarded by itself. */
    private final Map<JobId, Line> lines = new HashMap<>();

    /** Who accepts jobs in this process, by address. */
    private final Map<String, Consumer<End>> here = new ConcurrentHashMap<>();

    /** Not to be made by a verticle. */
    public JobBus(Vertx vertx) {
        this.vertx = vertx;
        this.own = vertx.getOrCreateContext();
    }

    private void publish(String address, Object body, DeliveryOptions options) {
        if (vertx.isClustered()) {
            own.runOnContext(v -> vertx.eventBus().publish(address, body, options));
        } else {
            vertx.eventBus().publish(address, body, options);
        }
    }

    private void publish(String address, Object body) {
        publish(address, body, new DeliveryOptions());
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
        publish(address(id), batch.json(), headers);
    }

    /** Tells the job's readers to look at its log. */
    public void nudge(JobId id) {
        publish(address(id), "");
    }

    /** Tells the accepting node, and whoever follows all ends, that the job has ended. */
    public void ended(JobId id, JobStatus status, String acceptedBy) {
        ended(id, status, acceptedBy, Optional.empty());
    }

    /** The same, with the job itself for who listens in this process. */
    public void ended(JobId id, JobStatus status, String acceptedBy, Optional<JobStore.Whole> whole) {
        JsonObject end = new JsonObject().put("id", id.text()).put("status", status.name());
        Consumer<End> near = here.get(acceptedBy);
        if (near != null) {
            near.accept(new End(id, whole));
        } else if (!acceptedBy.isEmpty()) {
            publish(acceptedBy, end);
        }
        publish(ENDS, end);
    }

    /** One job's events, on their way to all who listen on this node. */
    private final class Line {
        final List<Listening> listeners = new CopyOnWriteArrayList<>();
        final Promise<Void> heard = Promise.promise();
        MessageConsumer<String> consumer;

        void open(JobId id) {
            consumer = vertx.eventBus().consumer(address(id), m -> {
                EventId first = place(m.headers().get(FIRST));
                EventId last = place(m.headers().get(LAST));
                boolean ended = Boolean.parseBoolean(m.headers().get(ENDED));
                EventBatch batch = first == null || last == null ? null : new EventBatch(first, last, ended, m.body());
                listeners.forEach(l -> l.hear(batch));
            });
            consumer.completion().onComplete(heard);
        }
    }

    /** Somebody who hears a job's events until it is closed. */
    public final class Listening {
        private final JobId id;
        private final Context at;
        private final Handler<EventBatch> handler;
        private final Promise<Void> completion = Promise.promise();
        private volatile boolean closed;

        private Listening(JobId id, Context at, Handler<EventBatch> handler) {
            this.id = id;
            this.at = at;
            this.handler = handler;
        }

        private void hear(EventBatch batch) {
            at.runOnContext(v -> {
                if (!closed) {
                    handler.handle(batch);
                }
            });
        }

        /** Completes when everything that is said from then on is heard; fails when it may never be. */
        public Future<Void> completion() {
            return completion.future();
        }

        /** Hears nothing more. A second call does nothing. */
        public void close() {
            closed = true;
            synchronized (lines) {
                Line line = lines.get(id);
                if (line != null && line.listeners.remove(this) && line.listeners.isEmpty()) {
                    lines.remove(id);
                    own.runOnContext(v -> line.consumer.unregister());
                }
            }
        }
    }

    /**
     * Hears a job's events.
     *
     * @param handler gets null when it should look at the log; runs on the caller's context
     */
    public Listening onEvents(JobId id, Handler<EventBatch> handler) {
        Listening listening = new Listening(id, vertx.getOrCreateContext(), handler);
        synchronized (lines) {
            Line line = lines.computeIfAbsent(id, i -> {
                Line made = new Line();
                own.runOnContext(v -> made.open(i));
                return made;
            });
            line.listeners.add(listening);
            line.heard.future().onComplete(r -> listening.at.runOnContext(v -> listening.completion.handle(r)));
        }
        return listening;
    }

    private static EventId place(String text) {
        return text == null ? null : EventId.parse(text).orElse(null);
    }

    /**
     * The end of a job.
     *
     * @param whole the job as it ended, when that came with the message
     */
    public record End(JobId id, Optional<JobStore.Whole> whole) {}

    /** Hears the ends of the jobs that the given address accepted: those that ran in this process without the bus. */
    public MessageConsumer<JsonObject> onOwnEnds(String address, Handler<End> handler) {
        Context at = vertx.getOrCreateContext();
        here.put(address, end -> at.runOnContext(v -> handler.handle(end)));
        MessageConsumer<JsonObject> consumer = consumer(address, handler);
        consumer.endHandler(v -> here.remove(address));
        return consumer;
    }

    /** Hears all ends. */
    public MessageConsumer<JsonObject> onEnds(Handler<JobId> handler) {
        return consumer(ENDS, end -> handler.handle(end.id()));
    }

    private MessageConsumer<JsonObject> consumer(String address, Handler<End> handler) {
        return vertx.eventBus().<JsonObject>consumer(address, m -> {
            String id = m.body().getString("id", "");
            if (JobId.isWellFormed(id)) {
                handler.handle(new End(new JobId(id), Optional.empty()));
            }
        });
    }

    /** Hints at a cancel that has been stored: to the job's runner, or to who follows the job when it has ended at once. */
    public void cancelled(JobId id, JobStore.Cancel cancel) {
        switch (cancel.met()) {
            case ASKED -> publish(CANCELS, id.text());
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
        publish(INPUTS, id.text());
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
