package dev.onpyrunner.webhook;

import dev.onpyrunner.job.Ends;
import dev.onpyrunner.job.Ends.End;
import dev.onpyrunner.job.JobBus;
import dev.onpyrunner.job.JobMeters;
import dev.onpyrunner.job.JobMeters.Told;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.QueueSettings;
import dev.onpyrunner.job.Refusal;
import dev.onpyrunner.job.TraceContext;
import dev.onpyrunner.redis.RedisLink;
import dev.onpyrunner.redis.RedisSettings;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Posts each job's end to the operator's address. The stream of ends in Redis says which are still to be told, the event bus only
 * makes it quick: so each end is told by one node, once, and again by another one when that dies in the middle.
 */
public final class WebhookVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(WebhookVerticle.class);
    private static final String GROUP = "webhook";
    private static final long LOOK_MS = 1_000;
    /** While so many wait to be told again, no more are taken: the stream keeps them. */
    private static final int MOST_KEPT = 1_000;

    private static final int BATCH = 64;
    private static final long LONGEST_PAUSE_MS = 300_000;

    private final WebhookSettings settings;
    private final RedisSettings redis;
    private final QueueSettings queue;
    private final JobBus bus;
    private final JobMeters meters;
    private final Times times;
    private final List<Part> parts = new ArrayList<>();
    private final Deque<Message> ready = new ArrayDeque<>();
    private int posting;
    private int kept;
    private boolean stopping;
    private RedisLink link;
    private JobStore store;
    private Post post;

    public WebhookVerticle(
            WebhookSettings settings, RedisSettings redis, QueueSettings queue, JobBus bus, JobMeters meters) {
        this(settings, redis, queue, bus, meters, Times.DEFAULT);
    }

    WebhookVerticle(
            WebhookSettings settings,
            RedisSettings redis,
            QueueSettings queue,
            JobBus bus,
            JobMeters meters,
            Times times) {
        this.settings = settings;
        this.redis = redis;
        this.queue = queue;
        this.bus = bus;
        this.meters = meters;
        this.times = times;
    }

    /**
     * In milliseconds.
     *
     * @param pauseMs before the first repetition
     * @param holdMs how often a node says that it still works on what it took
     * @param abandonedMs when what nobody speaks of is another's
     */
    record Times(long pauseMs, long holdMs, long abandonedMs) {
        static final Times DEFAULT = new Times(1_000, 10_000, 30_000);
    }

    /** One partition's ends, and those that were taken and are not yet told. */
    private static final class Part {
        final Ends ends;
        final Map<String, Message> kept = new HashMap<>();
        boolean looking;
        boolean again;

        Part(Ends ends) {
            this.ends = ends;
        }

        List<End> held() {
            return kept.values().stream().map(m -> m.end).toList();
        }
    }

    private static final class Message {
        final Part part;
        final End end;
        int tries;

        Message(Part part, End end) {
            this.part = part;
            this.end = end;
        }
    }

    @Override
    public Future<?> start() {
        post = new Post(vertx, settings);
        return RedisLink.open(vertx, redis, "webhook").compose(l -> {
            link = l;
            store = new JobStore(l, queue, meters);
            List<Future<Void>> opened = new ArrayList<>();
            for (int k = 0; k < queue.partitions(); k++) {
                Part part = new Part(new Ends(l, queue, k, GROUP));
                parts.add(part);
                opened.add(part.ends.open());
            }
            vertx.setPeriodic(LOOK_MS, t -> parts.forEach(this::look));
            vertx.setPeriodic(0, times.holdMs(), t -> parts.forEach(this::hold));
            bus.onEnds(id -> look(parts.get(id.partition() % parts.size())));
            return Future.all(opened);
        });
    }

    /** Takes what has ended. */
    private void look(Part part) {
        if (part.looking) {
            part.again = true;
            return;
        }
        int room = Math.min(BATCH, MOST_KEPT - kept);
        if (stopping || room <= 0) {
            return;
        }
        part.looking = true;
        part.again = false;
        part.ends.next(room).onComplete(r -> {
            part.looking = false;
            if (r.succeeded()) {
                r.result().forEach(end -> take(part, end));
                if (part.again || r.result().size() == room) {
                    look(part);
                }
            } else {
                LOG.debug("the ends cannot be read: {}", r.cause().getMessage());
            }
        });
    }

    /** Keeps what is here from being taken by others, and takes what others have left. */
    private void hold(Part part) {
        if (stopping) {
            return;
        }
        part.ends
                .hold(part.held())
                .compose(v -> part.ends.abandoned(times.abandonedMs(), Math.max(1, Math.min(BATCH, MOST_KEPT - kept))))
                .onSuccess(found -> found.forEach(end -> take(part, end)))
                .onFailure(e -> LOG.debug("abandoned ends cannot be looked for: {}", e.getMessage()));
    }

    private void take(Part part, End end) {
        Message message = new Message(part, end);
        if (part.kept.putIfAbsent(end.entry(), message) != null) {
            return; // it was held too late, and is ours still
        }
        kept++;
        ready.add(message);
        go();
    }

    private void go() {
        while (!stopping && posting < settings.atOnce() && !ready.isEmpty()) {
            Message message = ready.poll();
            posting++;
            body(message.end)
                    .compose(body -> post.send(message.end.id().text(), body.toBuffer(), trace(body)))
                    .onComplete(r -> {
                        posting--;
                        if (r.succeeded()) {
                            meters.told(Told.SENT);
                            done(message);
                        } else {
                            failed(message, r.cause());
                        }
                        go();
                    });
        }
    }

    /** The job as it is for everybody, without its output; less when it is gone already. */
    private Future<JsonObject> body(End end) {
        return store.find(end.id())
                .map(job -> job.toJson())
                .recover(e -> e instanceof Refusal
                        ? Future.succeededFuture(new JsonObject()
                                .put("id", end.id().text())
                                .put("status", end.status().name()))
                        : Future.failedFuture(e))
                .map(job -> new JsonObject()
                        .put("type", "job.ended")
                        .put("timestamp", Instant.now().toString())
                        .put("data", job));
    }

    private static Optional<TraceContext> trace(JsonObject body) {
        return TraceContext.of(body.getJsonObject("data").getString(TraceContext.HEADER));
    }

    private void failed(Message message, Throwable cause) {
        message.tries++;
        String job = message.end.id().brief();
        if (message.tries >= settings.attempts()) {
            LOG.error("job {}: its end cannot be told, given up: {}", job, cause.getMessage());
            meters.told(Told.GIVEN_UP);
            done(message);
            return;
        }
        meters.told(Told.FAILED);
        double doubled = times.pauseMs() * Math.pow(2, message.tries - 1);
        long pause = (long) (Math.min(LONGEST_PAUSE_MS, doubled)
                * ThreadLocalRandom.current().nextDouble(0.5, 1.5));
        LOG.warn("job {}: its end cannot be told, again in {} ms: {}", job, pause, cause.getMessage());
        vertx.setTimer(Math.max(1, pause), t -> {
            ready.add(message);
            go();
        });
    }

    private void done(Message message) {
        message.part.ends.done(message.end).onComplete(r -> {
            if (r.failed() && !stopping) {
                vertx.setTimer(LOOK_MS, t -> done(message)); // else it would be told again
            } else if (message.part.kept.remove(message.end.entry(), message)) {
                kept--;
                look(message.part);
            }
        });
    }

    /** Leaves to others what it has not told. */
    @Override
    public Future<?> stop() {
        stopping = true;
        return Future.join(parts.stream().map(p -> p.ends.giveBack(p.held())).toList())
                .transform(r -> post.close())
                .eventually(() -> link == null ? Future.succeededFuture() : link.close());
    }
}
