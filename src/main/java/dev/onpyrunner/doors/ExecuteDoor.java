package dev.onpyrunner.doors;

import dev.onpyrunner.http.Desk;
import dev.onpyrunner.job.Job;
import dev.onpyrunner.job.JobStatus;
import dev.onpyrunner.job.JobStore.Whole;
import dev.onpyrunner.job.Result;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Map;

/** {@code POST /execute} and {@code GET /jobs/{id}}, as the service had them that was called OnPyRunner before. */
final class ExecuteDoor {
    private static final Map<String, String> LIMITS = Map.of("cpu_time_ms", "cpu_ms", "memory_mb", "memory_bytes");
    private static final int MIB = 1 << 20;

    private final Desk desk;

    ExecuteDoor(Desk desk) {
        this.desk = desk;
    }

    void mount(Router router) {
        Json.post(router, "/execute", desk, this::execute);
        router.get("/jobs/:id").method(HttpMethod.HEAD).handler(this::get);
    }

    private void execute(RoutingContext ctx) {
        Future.<Void>succeededFuture()
                .compose(v -> desk.submit(ctx, job(Json.body(ctx))))
                .onSuccess(id -> Json.send(
                        ctx,
                        200,
                        new JsonObject()
                                .put("job_id", id.text())
                                .put("status", "PENDING")
                                .toBuffer()))
                .onFailure(e -> refuse(ctx, Wrong.of(e, desk, ctx)));
    }

    private JsonObject job(JsonObject body) {
        String language = Json.text(body, "language");
        if (language == null) {
            throw new Wrong("language", "Field required");
        }
        JsonObject job = new JsonObject();
        if (!language.equals("python")) {
            String runtime = desk.runtimes().all().stream()
                    .map(r -> r.name())
                    .filter(n -> n.equals(language) || (language.equals("pypy") && n.startsWith("pypy")))
                    .findFirst()
                    .orElseThrow(() -> new Wrong("language", "Input should be 'python' or a runtime of this server"));
            job.put("runtime", runtime);
        }
        String source = Json.text(body, "source_code");
        if (source == null) {
            throw new Wrong("source_code", "Field required");
        }
        String stdin = Json.text(body, "stdin");
        job.put("source", source).put("stdin", stdin == null ? "" : stdin);
        JsonObject asked = Json.object(body, "limits");
        JsonObject limits = new JsonObject();
        LIMITS.forEach((theirs, ours) -> {
            Double value = Json.number(asked, theirs);
            if (value != null) {
                limits.put(ours, (long) (value * (ours.endsWith("_bytes") ? MIB : 1)));
            }
        });
        return limits.isEmpty() ? job : job.put("limits", limits);
    }

    private static void refuse(RoutingContext ctx, Wrong wrong) {
        if (wrong.fields().isEmpty()) {
            wrong.answer(ctx, new JsonObject().put("detail", wrong.getMessage()));
            return;
        }
        JsonArray detail = new JsonArray();
        for (Wrong.Field field : wrong.fields()) {
            JsonArray place = new JsonArray().add("body");
            for (String step : field.name().split("/", -1)) {
                place.add(step);
            }
            detail.add(new JsonObject()
                    .put("type", "value_error")
                    .put("loc", place)
                    .put("msg", field.detail()));
        }
        wrong.answer(ctx, new JsonObject().put("detail", detail));
    }

    private void get(RoutingContext ctx) {
        desk.get(ctx, ctx.pathParam("id"), 0)
                .onSuccess(whole -> Json.send(ctx, 200, answer(whole).toBuffer()))
                .onFailure(e -> {
                    Wrong wrong = Wrong.of(e, desk, ctx);
                    boolean absent = wrong.status() == 404 || wrong.status() == 410;
                    refuse(ctx, absent ? new Wrong(404, "Job not found") : wrong);
                });
    }

    private static JsonObject answer(Whole whole) {
        Job job = whole.job();
        JsonObject json = new JsonObject().put("job_id", job.id().text());
        return switch (job.status()) {
            case QUEUED -> json.put("status", "PENDING");
            case RUNNING -> json.put("status", "RUNNING");
            case DONE -> json.put("status", "COMPLETED").put("result", result(whole));
            case ERROR, CANCELLED ->
                json.put("status", "FAILED")
                        .put(
                                "reason",
                                job.status() == JobStatus.CANCELLED
                                        ? "Cancelled."
                                        : job.result().error().detail());
        };
    }

    private static JsonObject result(Whole whole) {
        Result result = whole.job().result();
        String outcome = switch (result.outcome()) {
            case OK -> "SUCCESS";
            case RUNTIME_ERROR, SIGNALED -> "RUNTIME_ERROR";
            case CPU_LIMIT, WALL_LIMIT, IDLE_LIMIT -> "TIME_LIMIT_EXCEEDED";
            case MEMORY_LIMIT -> "MEMORY_LIMIT_EXCEEDED";
            case OUTPUT_LIMIT ->
                result.limitsHit().contains("stderr") ? "STDERR_LIMIT_EXCEEDED" : "STDOUT_LIMIT_EXCEEDED";
        };
        int code = result.exitCode() == null ? 128 + Signals.number(result.signal()) : result.exitCode();
        return new JsonObject()
                .put("outcome", outcome)
                .put("stdout", whole.output().stdout().toString())
                .put("stderr", whole.output().stderr().toString())
                .put("exit_code", code)
                .put(
                        "usage_info",
                        new JsonObject()
                                .put("cpu_time_ms", result.usage().cpuMs())
                                .put("wall_time_ms", result.usage().wallMs()));
    }
}
