package dev.onpyrunner.http;

import dev.onpyrunner.http.Problem.Kind;
import dev.onpyrunner.job.Job;
import dev.onpyrunner.job.JobBus;
import dev.onpyrunner.job.JobId;
import dev.onpyrunner.job.JobMeters;
import dev.onpyrunner.job.JobSpec;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.Output;
import dev.onpyrunner.job.Refusal;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** {@code /v1/jobs}: post a job, ask about it, cancel it. */
final class JobRoutes {
    private static final String BYTES = "application/octet-stream";
    private static final String PYTHON = "text/x-python";
    private static final String FORM = "multipart/form-data";
    /** Where the header of a form is kept. */
    private static final String FORM_TYPE = "form-type";

    private static final int MAX_KEY = 255;
    /** What a job may be posted as. */
    static final String MEDIA_TYPES = Answers.JSON + ", " + FORM + ", " + PYTHON;

    private final HttpSettings settings;
    private final JobStore store;
    private final Waits waits;
    private final JobBus bus;
    private final JobMeters meters;
    private final Reception reception;

    JobRoutes(HttpSettings settings, JobStore store, Waits waits, JobBus bus, JobMeters meters, Reception reception) {
        this.settings = settings;
        this.store = store;
        this.waits = waits;
        this.bus = bus;
        this.meters = meters;
        this.reception = reception;
    }

    void mount(Router router) {
        router.post("/v1/jobs").handler(JobRoutes::mediaType);
        router.post("/v1/jobs")
                .produces(Answers.JSON)
                .handler(BodyHandler.create(false).setBodyLimit(settings.caps().bodyBytes()))
                .handler(this::post);
        router.get("/v1/jobs/:id")
                .method(HttpMethod.HEAD)
                .produces(Answers.JSON)
                .handler(this::get);
        router.delete("/v1/jobs/:id").produces(Answers.JSON).handler(this::cancel);
        router.get("/v1/jobs/:id/stdout")
                .method(HttpMethod.HEAD)
                .produces(BYTES)
                .handler(ctx -> raw(ctx, true));
        router.get("/v1/jobs/:id/stderr")
                .method(HttpMethod.HEAD)
                .produces(BYTES)
                .handler(ctx -> raw(ctx, false));
        router.get("/v1/jobs/:id/spec")
                .method(HttpMethod.HEAD)
                .produces(Answers.JSON)
                .handler(this::spec);
    }

    /** Media types are told apart without regard to case (RFC 9110, section 8.3.1); the router would regard it. */
    private static void mediaType(RoutingContext ctx) {
        String type = type(ctx);
        if (type.equals(FORM)) {
            // Else the body's handler would write the parts to files of the node.
            ctx.put(FORM_TYPE, ctx.request().getHeader(HttpHeaders.CONTENT_TYPE));
            ctx.request().headers().set(HttpHeaders.CONTENT_TYPE, BYTES);
        } else if (!type.equals(Answers.JSON) && !type.equals(PYTHON)) {
            ctx.fail(415);
            return;
        }
        ctx.next();
    }

    private static String type(RoutingContext ctx) {
        String header = ctx.request().getHeader(HttpHeaders.CONTENT_TYPE);
        return header == null ? "" : header.split(";", 2)[0].trim().toLowerCase(Locale.ROOT);
    }

    private void post(RoutingContext ctx) {
        HttpSettings own = reception.open(ctx);
        long waitMs = waits.waitMs(ctx);
        Buffer body = ctx.body().buffer() == null ? Buffer.buffer() : ctx.body().buffer();
        JobSpec spec = spec(ctx, body, own);
        long received = System.nanoTime();
        reception
                .accept(ctx, spec, idempotencyKey(ctx))
                .onSuccess(a -> {
                    meters.took(JobMeters.Stage.RECEIVED, System.nanoTime() - received);
                    if (a.replayed()) {
                        ctx.response().putHeader("Idempotency-Replayed", "true");
                    }
                })
                .compose(a -> waitMs == 0 && !a.replayed()
                        ? store.output(a.job()).compose(output -> answer(ctx, a.job(), output, 0, false))
                        : (waitMs == 0 ? store.whole(a.id()) : waits.untilEnd(a, waits.until(ctx, waitMs)))
                                .compose(w -> answer(ctx, w.job(), w.output(), waitMs, waitMs > 0 || a.replayed())))
                .onFailure(ctx::fail);
    }

    private static JobSpec spec(RoutingContext ctx, Buffer body, HttpSettings settings) {
        String form = ctx.get(FORM_TYPE);
        if (form != null) {
            return JobReader.form(body, form, settings);
        }
        return type(ctx).equals(PYTHON) ? JobReader.program(body, settings) : JobReader.json(body, settings);
    }

    /** Answers a post: 200 for a job that has ended, if the client waited for that or may expect it; else 202. */
    private Future<Void> answer(RoutingContext ctx, Job job, Output output, long waitMs, boolean mayHaveEnded) {
        HttpServerResponse response = ctx.response().putHeader(HttpHeaders.LOCATION, "/v1/jobs/" + job.id());
        Waits.tell(response, waitMs);
        boolean ended = mayHaveEnded && job.status().isTerminal();
        if (!ended) {
            response.putHeader(HttpHeaders.RETRY_AFTER, "1");
        }
        return sendJob(ctx, ended ? 200 : 202, job, output);
    }

    private static Future<Void> sendJob(RoutingContext ctx, int status, Job job, Output output) {
        Buffer body = job.toJson(output).toBuffer();
        describe(ctx.response(), job, tag(body));
        return Answers.json(ctx, status, body);
    }

    private static void describe(HttpServerResponse response, Job job, String tag) {
        response.putHeader(HttpHeaders.ETAG, tag);
        if (job.status().isTerminal()) {
            putExpiry(response, job);
        } else {
            response.putHeader(HttpHeaders.RETRY_AFTER, "1");
        }
    }

    private void get(RoutingContext ctx) {
        JobId id = id(ctx);
        long waitMs = waits.waitMs(ctx);
        Future<Void> waited = waitMs == 0
                ? Future.succeededFuture()
                : store.find(id)
                        .compose(job -> job.status().isTerminal()
                                ? Future.succeededFuture()
                                : waits.untilOtherThan(id, job.status(), waits.until(ctx, waitMs)));
        waited.compose(v -> store.whole(id))
                .compose(whole -> {
                    Buffer body = whole.job().toJson(whole.output()).toBuffer();
                    String tag = tag(body);
                    describe(ctx.response(), whole.job(), tag);
                    Waits.tell(ctx.response(), waitMs);
                    return isKnown(ctx.request().getHeader(HttpHeaders.IF_NONE_MATCH), tag)
                            ? ctx.response().setStatusCode(304).end()
                            : Answers.json(ctx, 200, body);
                })
                .onFailure(ctx::fail);
    }

    static boolean isKnown(String header, String tag) {
        return header != null
                && List.of(header.split(",")).stream()
                        .map(String::trim)
                        .anyMatch(t -> t.equals("*") || t.equals(tag) || t.equals("W/" + tag));
    }

    private static String tag(Buffer body) {
        return '"' + hash(body) + '"';
    }

    static String hash(Buffer bytes) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes.getBytes());
            return HexFormat.of().formatHex(digest, 0, 12);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void putExpiry(HttpServerResponse response, Job job) {
        response.putHeader(
                HttpHeaders.EXPIRES,
                DateTimeFormatter.RFC_1123_DATE_TIME.format(
                        Instant.ofEpochMilli(job.expiresAt()).atOffset(ZoneOffset.UTC)));
    }

    private void cancel(RoutingContext ctx) {
        JobId id = id(ctx);
        boolean purge = flag(ctx, "purge");
        store.cancel(id)
                .onSuccess(c -> bus.cancelled(id, c))
                .map(JobStore.Cancel::met)
                .compose(met -> met == JobStore.Cancel.Met.TOO_LATE && purge
                        ? store.purge(id)
                                .compose(v -> ctx.response().setStatusCode(204).end())
                        : store.whole(id)
                                .compose(w -> sendJob(
                                        ctx, met == JobStore.Cancel.Met.ASKED ? 202 : 200, w.job(), w.output())))
                .onFailure(ctx::fail);
    }

    private void raw(RoutingContext ctx, boolean stdout) {
        JobId id = id(ctx);
        store.whole(id)
                .map(JobStore.Whole::output)
                .compose(output -> ctx.response()
                        .putHeader(HttpHeaders.CONTENT_TYPE, BYTES)
                        .putHeader(
                                "Content-Disposition",
                                "attachment; filename=\"" + (stdout ? "stdout" : "stderr") + "\"")
                        .end(stdout ? output.stdout() : output.stderr()))
                .onFailure(ctx::fail);
    }

    private void spec(RoutingContext ctx) {
        store.spec(id(ctx))
                .compose(json -> Answers.json(ctx, 200, json.toBuffer()))
                .onFailure(ctx::fail);
    }

    /** The job that the address names. */
    static JobId id(RoutingContext ctx) {
        String text = ctx.pathParam("id");
        if (!JobId.isWellFormed(text)) {
            throw new Refusal.NoSuchJob();
        }
        return new JobId(text);
    }

    static Optional<String> idempotencyKey(RoutingContext ctx) {
        return idempotencyKey(ctx.request().getHeader("Idempotency-Key"));
    }

    static Optional<String> idempotencyKey(String key) {
        if (key == null) {
            return Optional.empty();
        }
        if (key.isBlank() || key.length() > MAX_KEY) {
            throw new Problem.Thrown(
                    Problem.of(Kind.BAD_REQUEST, "Idempotency-Key must be 1 to " + MAX_KEY + " characters."));
        }
        return Optional.of(key);
    }

    static boolean flag(RoutingContext ctx, String name) {
        String value = ctx.request().getParam(name, "false");
        if (!value.equals("true") && !value.equals("false")) {
            throw new Problem.Thrown(Problem.of(Kind.BAD_REQUEST, name + " must be true or false."));
        }
        return value.equals("true");
    }
}
