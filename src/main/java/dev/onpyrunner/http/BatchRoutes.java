package dev.onpyrunner.http;

import dev.onpyrunner.job.Batch;
import dev.onpyrunner.job.Job;
import dev.onpyrunner.job.JobBus;
import dev.onpyrunner.job.JobId;
import dev.onpyrunner.job.JobSpec;
import dev.onpyrunner.job.JobStatus;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.Refusal;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;

/** Jobs that are posted together: {@code /v1/batches}. Each is a job like any other. */
final class BatchRoutes {
    private static final String SELF = "/v1/batches/";
    /** Jobs of one batch that are waited for, or looked at, at the same time. */
    private static final int AT_ONCE = 64;

    private static final long BEAT_MS = 15_000;
    /** A stream that was open for so long ends without its last event: its client comes back, perhaps to another node. */
    private static final long STREAM_MS = 3_600_000;

    private final Vertx vertx;
    private final HttpSettings settings;
    private final JobStore store;
    private final Waits waits;
    private final JobBus bus;
    private final Reception reception;

    BatchRoutes(Vertx vertx, HttpSettings settings, JobStore store, Waits waits, JobBus bus, Reception reception) {
        this.vertx = vertx;
        this.settings = settings;
        this.store = store;
        this.waits = waits;
        this.bus = bus;
        this.reception = reception;
    }

    void mount(Router router) {
        // The second name is for who thinks of it as a way to post jobs.
        for (Route route : List.of(router.post("/v1/batches"), router.postWithRegex("/v1/jobs:batch"))) {
            route.consumes(Answers.JSON)
                    .produces(Answers.JSON)
                    .handler(BodyHandler.create(false)
                            .setBodyLimit(settings.caps().bodyBytes()))
                    .handler(this::post);
        }
        router.get("/v1/batches/:id")
                .method(HttpMethod.HEAD)
                .produces(Answers.JSON)
                .handler(this::get);
        router.delete("/v1/batches/:id").produces(Answers.JSON).handler(this::cancel);
        router.get("/v1/batches/:id/events")
                .method(HttpMethod.HEAD)
                .produces("text/event-stream")
                .handler(this::events);
    }

    private void post(RoutingContext ctx) {
        HttpSettings own = reception.open(ctx);
        long waitMs = waits.waitMs(ctx);
        List<JobSpec> specs = BatchReader.read(ctx.body().buffer(), own);
        Optional<String> key = JobRoutes.idempotencyKey(ctx);
        // The first one tells whether there is room at all; without it nothing is stored.
        accept(ctx, specs, key, 0)
                .compose(first -> {
                    List<Future<Batch.Entry>> all =
                            new ArrayList<>(List.of(Future.succeededFuture(Batch.Entry.of(first))));
                    for (int i = 1; i < specs.size(); i++) {
                        all.add(accept(ctx, specs, key, i).map(Batch.Entry::of).recover(e -> refused(ctx, e)));
                    }
                    return Future.join(all)
                            .map(v -> new Batch(
                                    first, all.stream().map(Future::result).toList()));
                })
                .compose(batch -> store.keep(batch, longest(specs)).map(batch))
                .compose(batch -> untilEnded(ctx, batch, waitMs))
                .compose(json -> {
                    ctx.response().putHeader(HttpHeaders.LOCATION, SELF + json.getString("id"));
                    return answer(ctx, waitMs > 0 ? 200 : 202, 202, json, waitMs);
                })
                .onFailure(ctx::fail);
    }

    private Future<JobId> accept(RoutingContext ctx, List<JobSpec> specs, Optional<String> key, int i) {
        return reception.accept(ctx, specs.get(i), key.map(k -> k + "\n" + i)).map(JobStore.Accepted::id);
    }

    /** A job that there is no room for is told in its place. */
    private static Future<Batch.Entry> refused(RoutingContext ctx, Throwable e) {
        Problem problem = Problems.known(e);
        return problem == null
                ? Future.failedFuture(e)
                : Future.succeededFuture(
                        Batch.Entry.refused(problem.toJson(ctx.request().path())));
    }

    private static long longest(List<JobSpec> specs) {
        return specs.stream().mapToLong(JobSpec::retentionS).max().orElseThrow();
    }

    /** Answers with one status when all have ended, and with another one before that. */
    private static Future<Void> answer(RoutingContext ctx, int ended, int running, JsonObject json, long waitMs) {
        Waits.tell(ctx.response(), waitMs);
        if (json.getBoolean("ended")) {
            return Answers.json(ctx, ended, json.toBuffer());
        }
        ctx.response().putHeader(HttpHeaders.RETRY_AFTER, "1");
        return Answers.json(ctx, running, json.toBuffer());
    }

    private void get(RoutingContext ctx) {
        long waitMs = waits.waitMs(ctx);
        store.batch(JobRoutes.id(ctx))
                .compose(batch -> untilEnded(ctx, batch, waitMs))
                .compose(json -> answer(ctx, 200, 200, json, waitMs))
                .onFailure(ctx::fail);
    }

    /** The batch after a wait for its end. */
    private Future<JsonObject> untilEnded(RoutingContext ctx, Batch batch, long waitMs) {
        Future<?> waited = waitMs == 0 ? Future.succeededFuture() : untilEnded(batch, waits.until(ctx, waitMs));
        return waited.compose(v -> summary(batch));
    }

    private void cancel(RoutingContext ctx) {
        store.batch(JobRoutes.id(ctx))
                .compose(batch -> each(batch.entries().size(), i -> {
                            JobId id = batch.entries().get(i).id();
                            return id == null
                                    ? Future.succeededFuture()
                                    : gone(store.cancel(id).onSuccess(c -> bus.cancelled(id, c)));
                        })
                        .compose(v -> summary(batch)))
                .compose(json -> answer(ctx, 200, 202, json, 0))
                .onFailure(ctx::fail);
    }

    /** A job that is no longer kept is not in the way of the others. */
    private static Future<?> gone(Future<?> asked) {
        return asked.transform(r -> r.failed() && !(r.cause() instanceof Refusal)
                ? Future.failedFuture(r.cause())
                : Future.succeededFuture());
    }

    private Future<?> untilEnded(Batch batch, Future<?> until) {
        return each(batch.entries().size(), i -> {
            JobId id = batch.entries().get(i).id();
            return id == null ? Future.succeededFuture() : gone(waits.untilEndOf(id, until));
        });
    }

    /** Each end, as it comes; those that were before come first. */
    private void events(RoutingContext ctx) {
        store.batch(JobRoutes.id(ctx)).onFailure(ctx::fail).onSuccess(batch -> {
            if (ctx.response().closed()) {
                return;
            }
            HttpServerResponse response = ctx.response()
                    .putHeader(HttpHeaders.CONTENT_TYPE, "text/event-stream")
                    .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                    .putHeader("X-Accel-Buffering", "no");
            if (ctx.request().method().equals(HttpMethod.HEAD)) {
                response.end();
                return;
            }
            response.setChunked(true);
            response.write(":\n\n");
            Promise<Void> stopped = Promise.promise();
            Future<?> until = Future.any(stopped.future(), waits.until(ctx, STREAM_MS));
            long beat = vertx.setPeriodic(BEAT_MS, t -> response.write(":\n\n"));
            each(batch.entries().size(), i -> waitAndTell(batch, i, until, stopped, response))
                    .compose(v -> stopped.future().isComplete() ? Future.failedFuture("stopped") : summary(batch))
                    .onComplete(r -> {
                        vertx.cancelTimer(beat);
                        if (response.closed()) {
                            return;
                        }
                        // Without the last event a client comes back, here or to another node.
                        if (r.succeeded() && r.result().getBoolean("ended")) {
                            JsonObject json = r.result();
                            json.remove("jobs");
                            response.write("event: end\ndata: " + json.encode() + "\n\n");
                        }
                        response.end();
                    });
        });
    }

    private Future<?> waitAndTell(
            Batch batch, int i, Future<?> until, Promise<Void> stopped, HttpServerResponse response) {
        JobId id = batch.entries().get(i).id();
        Future<?> ended = id == null ? Future.succeededFuture() : gone(waits.untilEndOf(id, until));
        return ended.compose(v -> entry(batch, i)).onSuccess(json -> {
            if (response.closed() || !isOver(json)) {
                stopped.tryComplete();
            } else {
                response.write("id: " + i + "\ndata: " + json.encode() + "\n\n");
            }
        });
    }

    private static boolean isOver(JsonObject entry) {
        return entry.containsKey("problem")
                || JobStatus.valueOf(entry.getString("status")).isTerminal();
    }

    /** Does something for each number from 0, for some at a time. */
    private static Future<?> each(int count, IntFunction<Future<?>> step) {
        int[] next = {0};
        List<Future<?>> lines = new ArrayList<>();
        for (int line = 0; line < Math.min(AT_ONCE, count); line++) {
            lines.add(line(next, count, step));
        }
        return Future.all(lines);
    }

    private static Future<?> line(int[] next, int count, IntFunction<Future<?>> step) {
        if (next[0] >= count) {
            return Future.succeededFuture();
        }
        return step.apply(next[0]++).compose(v -> line(next, count, step));
    }

    private Future<JsonObject> summary(Batch batch) {
        int size = batch.entries().size();
        JsonObject[] jobs = new JsonObject[size];
        return each(size, i -> entry(batch, i).onSuccess(json -> jobs[i] = json))
                .map(v -> json(batch, List.of(jobs)));
    }

    private static JsonObject json(Batch batch, List<JsonObject> jobs) {
        Map<JobStatus, Integer> counts = new EnumMap<>(JobStatus.class);
        int matched = 0;
        int refused = 0;
        boolean ended = true;
        for (JsonObject job : jobs) {
            if (job.containsKey("problem")) {
                refused++;
                continue;
            }
            JobStatus status = JobStatus.valueOf(job.getString("status"));
            counts.merge(status, 1, Integer::sum);
            matched += job.getBoolean("matched", false) ? 1 : 0;
            ended &= status.isTerminal();
        }
        JsonObject count = new JsonObject().put("jobs", jobs.size());
        for (JobStatus status : JobStatus.values()) {
            count.put(status.name().toLowerCase(Locale.ROOT), counts.getOrDefault(status, 0));
        }
        count.put("refused", refused).put("matched", matched);
        return new JsonObject()
                .put("id", batch.id().text())
                .put("ended", ended)
                .put("counts", count)
                .put("jobs", new JsonArray(jobs))
                .put(
                        "links",
                        new JsonObject().put("self", SELF + batch.id()).put("events", SELF + batch.id() + "/events"));
    }

    /** What is told of one job: enough for a table. */
    private Future<JsonObject> entry(Batch batch, int i) {
        Batch.Entry entry = batch.entries().get(i);
        JsonObject json = new JsonObject().put("index", i);
        if (entry.id() == null) {
            return Future.succeededFuture(json.put("problem", entry.problem()));
        }
        json.put("id", entry.id().text());
        return store.status(entry.id())
                .compose(status -> status.isTerminal()
                        ? store.find(entry.id()).map(job -> brief(json, job))
                        : Future.succeededFuture(json.put("status", status.name())))
                .recover(e -> {
                    Problem problem = Problems.known(e);
                    return e instanceof Refusal && problem != null
                            ? Future.succeededFuture(json.put("problem", problem.toJson("/v1/jobs/" + entry.id())))
                            : Future.failedFuture(e);
                });
    }

    private static JsonObject brief(JsonObject json, Job job) {
        JsonObject whole = job.toJson();
        for (String name : List.of("status", "outcome", "exit_code", "message", "matched", "usage")) {
            if (whole.containsKey(name)) {
                json.put(name, whole.getValue(name));
            }
        }
        return json;
    }
}
