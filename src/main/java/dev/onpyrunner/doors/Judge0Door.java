package dev.onpyrunner.doors;

import dev.onpyrunner.http.Desk;
import dev.onpyrunner.job.JobId;
import dev.onpyrunner.job.JobSpec;
import dev.onpyrunner.job.JobStore.Whole;
import dev.onpyrunner.job.Limits;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Judge0's submissions, one or several, and what its clients ask beside them: languages, statuses, settings. */
final class Judge0Door {
    /** The version of Judge0 whose numbers for languages clients are to use. */
    private static final String VERSION = "1.13.1";

    private static final int MOST_IN_BATCH = 20;
    private static final int SECOND_MS = 1000;
    private static final int KIB = 1024;

    private final Desk desk;
    private final Judge0Languages languages;

    Judge0Door(Desk desk) {
        this.desk = desk;
        this.languages = new Judge0Languages(desk.runtimes());
    }

    void mount(Router router) {
        Json.post(router, "/submissions", desk, this::create);
        Json.post(router, "/submissions/batch", desk, this::createBatch);
        router.get("/submissions/batch").method(HttpMethod.HEAD).handler(this::getBatch);
        router.get("/submissions/:token").method(HttpMethod.HEAD).handler(this::get);
        router.get("/languages")
                .method(HttpMethod.HEAD)
                .handler(ctx -> Json.send(ctx, 200, languages.toJson().toBuffer()));
        router.get("/languages/:id").method(HttpMethod.HEAD).handler(this::language);
        router.get("/statuses")
                .method(HttpMethod.HEAD)
                .handler(ctx -> Json.send(ctx, 200, Judge0Answer.statuses().toBuffer()));
        router.get("/about").method(HttpMethod.HEAD).handler(ctx -> Json.send(ctx, 200, about().toBuffer()));
        router.get("/config_info").method(HttpMethod.HEAD).handler(ctx -> Json.send(ctx, 200, config().toBuffer()));
    }

    private void language(RoutingContext ctx) {
        String id = ctx.pathParam("id");
        boolean known = id.matches("[0-9]{1,6}") && languages.has(Integer.parseInt(id));
        Json.send(
                ctx, known ? 200 : 404, (known ? languages.toJson(Integer.parseInt(id)) : new JsonObject()).toBuffer());
    }

    private static boolean flag(RoutingContext ctx, String name) {
        return "true".equals(ctx.request().getParam(name));
    }

    private void create(RoutingContext ctx) {
        Future.<Void>succeededFuture()
                .compose(v -> {
                    Judge0Submission submission =
                            Judge0Submission.of(Json.body(ctx), flag(ctx, "base64_encoded"), languages);
                    long waitMs = flag(ctx, "wait") ? desk.maxWaitMs() : 0;
                    return desk.run(ctx, submission.job(), waitMs, id -> {}).compose(whole -> {
                        Judge0Token token = token(whole.job().id(), submission);
                        return waitMs == 0
                                ? Future.succeededFuture(new JsonObject().put("token", token.toString()))
                                : answer(ctx, token, whole).otherwise(e -> created(token, e));
                    });
                })
                .onSuccess(answer -> Json.send(ctx, 201, answer.toBuffer()))
                .onFailure(e -> refuse(ctx, e));
    }

    private static JsonObject created(Judge0Token token, Throwable e) {
        if (e instanceof Judge0Answer.NotText) {
            return new JsonObject().put("token", token.toString()).put("error", e.getMessage());
        }
        throw new IllegalStateException(e);
    }

    private static Judge0Token token(JobId id, Judge0Submission submission) {
        return Judge0Token.of(id, submission.language(), submission.expected());
    }

    private void createBatch(RoutingContext ctx) {
        Future.<Void>succeededFuture()
                .compose(v -> {
                    JsonArray given = Json.list(Json.body(ctx), "submissions");
                    atMost(given.size());
                    Future<JsonArray> tokens = Future.succeededFuture(new JsonArray());
                    for (Object o : given) {
                        tokens = tokens.compose(list -> createOne(ctx, o).map(list::add));
                    }
                    return tokens;
                })
                .onSuccess(tokens -> Json.send(ctx, 201, tokens.toBuffer()))
                .onFailure(e -> refuse(ctx, e));
    }

    /** One of a batch: what is wrong with it does not hinder the others. */
    private Future<JsonObject> createOne(RoutingContext ctx, Object body) {
        return Future.<Void>succeededFuture()
                .compose(v -> {
                    JsonObject json = body instanceof JsonObject object ? object : new JsonObject();
                    Judge0Submission submission = Judge0Submission.of(json, flag(ctx, "base64_encoded"), languages);
                    return desk.submit(ctx, submission.job())
                            .map(id -> new JsonObject()
                                    .put("token", token(id, submission).toString()));
                })
                .otherwise(e -> Judge0Submission.errors(Wrong.of(e, desk, ctx)));
    }

    private static void atMost(int count) {
        if (count < 1 || count > MOST_IN_BATCH) {
            throw new Wrong(400, "number of submissions in this batch should be 1 to " + MOST_IN_BATCH);
        }
    }

    private void get(RoutingContext ctx) {
        find(ctx, ctx.pathParam("token"), new AtomicLong())
                .onSuccess(answer -> Json.send(ctx, 200, answer.toBuffer()))
                .onFailure(e -> refuse(ctx, e));
    }

    private void getBatch(RoutingContext ctx) {
        Future.<Void>succeededFuture()
                .compose(v -> {
                    List<String> tokens =
                            List.of(ctx.request().getParam("tokens", "").split(",", -1));
                    atMost(tokens.size());
                    AtomicLong bytes = new AtomicLong();
                    Future<JsonArray> found = Future.succeededFuture(new JsonArray());
                    for (String token : tokens) {
                        found = found.compose(list -> find(ctx, token, bytes)
                                .recover(e -> Wrong.of(e, desk, ctx).status() == 404
                                        ? Future.succeededFuture()
                                        : Future.failedFuture(e))
                                .map(list::add));
                    }
                    return found;
                })
                .onSuccess(list -> Json.send(
                        ctx, 200, new JsonObject().put("submissions", list).toBuffer()))
                .onFailure(e -> refuse(ctx, e));
    }

    /** One of an answer, whose size is bounded as that of a request is. */
    private Future<JsonObject> find(RoutingContext ctx, String text, AtomicLong bytes) {
        Judge0Token token = Judge0Token.parse(text);
        return desk.get(ctx, token.job(), 0).compose(whole -> {
            int more =
                    whole.output().stdout().length() + whole.output().stderr().length();
            if (bytes.addAndGet(more) > desk.maxBodyBytes()) {
                throw new Wrong(400, "these submissions are too large for one answer, ask for fewer");
            }
            return answer(ctx, token, whole);
        });
    }

    private Future<JsonObject> answer(RoutingContext ctx, Judge0Token token, Whole whole) {
        List<String> fields = Judge0Answer.fields(ctx.request().getParam("fields"));
        Future<JobSpec> spec =
                Collections.disjoint(fields, Judge0Answer.ASKED) ? Future.succeededFuture() : desk.spec(token.job());
        boolean base64 = flag(ctx, "base64_encoded");
        return spec.map(s -> new Judge0Answer(token, whole, s, fields, base64, languages).toJson());
    }

    private void refuse(RoutingContext ctx, Throwable cause) {
        if (cause instanceof Judge0Answer.NotText) {
            Json.send(
                    ctx, 400, new JsonObject().put("error", cause.getMessage()).toBuffer());
            return;
        }
        Wrong wrong = Wrong.of(cause, desk, ctx);
        wrong.answer(ctx, Judge0Submission.errors(wrong));
    }

    private static JsonObject about() {
        return new JsonObject()
                .put("version", VERSION)
                .put("homepage", "/")
                .put("source_code", "OnPyRunner")
                .put("maintainer", "OnPyRunner");
    }

    private JsonObject config() {
        Limits limits = desk.defaultLimits();
        Limits most = desk.largestLimits();
        return new JsonObject()
                .put("maintenance_mode", false)
                .put("enable_wait_result", desk.maxWaitMs() > 0)
                .put("enable_compiler_options", false)
                .put("allowed_languages_for_compile_options", new JsonArray())
                .put("enable_command_line_arguments", true)
                .put("enable_submission_delete", false)
                .put("enable_callbacks", false)
                .put("callbacks_max_tries", 0)
                .put("callbacks_timeout", 0)
                .put("enable_additional_files", false)
                .put("enable_batched_submissions", true)
                .put("max_submission_batch_size", MOST_IN_BATCH)
                .put("submission_cache_duration", 0)
                .put("use_docs_as_homepage", false)
                .put("max_queue_size", desk.queueSize())
                .put("cpu_time_limit", (double) limits.cpuMs() / SECOND_MS)
                .put("max_cpu_time_limit", (double) most.cpuMs() / SECOND_MS)
                .put("cpu_extra_time", 0)
                .put("max_cpu_extra_time", 0)
                .put("wall_time_limit", (double) limits.wallMs() / SECOND_MS)
                .put("max_wall_time_limit", (double) most.wallMs() / SECOND_MS)
                .put("memory_limit", limits.memoryBytes() / KIB)
                .put("max_memory_limit", most.memoryBytes() / KIB)
                .put("stack_limit", limits.memoryBytes() / KIB)
                .put("max_stack_limit", most.memoryBytes() / KIB)
                .put("max_processes_and_or_threads", limits.processes())
                .put("max_max_processes_and_or_threads", most.processes())
                .put("enable_per_process_and_thread_time_limit", false)
                .put("allow_enable_per_process_and_thread_time_limit", false)
                .put("enable_per_process_and_thread_memory_limit", false)
                .put("allow_enable_per_process_and_thread_memory_limit", false)
                .put("max_file_size", limits.diskBytes() / KIB)
                .put("max_max_file_size", most.diskBytes() / KIB)
                .put("max_extract_size", 0)
                .put("enable_network", false)
                .put("allow_enable_network", false)
                .put("redirect_stderr_to_stdout", false)
                .put("number_of_runs", 1)
                .put("max_number_of_runs", 1);
    }
}
