package dev.onpyrunner.doors;

import dev.onpyrunner.http.Desk;
import dev.onpyrunner.job.JobStatus;
import dev.onpyrunner.job.JobStore.Whole;
import dev.onpyrunner.job.Outcome;
import dev.onpyrunner.job.Result;
import dev.onpyrunner.job.RuntimeInfo;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Set;
import java.util.stream.Stream;

/** {@code POST /api/v2/execute} and {@code GET /api/v2/runtimes}, as Piston has them (its document api-v2). */
final class PistonDoor {
    private static final String LANGUAGE = "python";
    private static final Set<String> ALIASES = Set.of("py", "py3", "python3");
    private static final String ENTRY = "main.py";

    private final Desk desk;

    PistonDoor(Desk desk) {
        this.desk = desk;
    }

    void mount(Router router) {
        Json.post(router, "/api/v2/execute", desk, this::execute);
        router.get("/api/v2/runtimes").method(HttpMethod.HEAD).handler(ctx -> {
            JsonArray list = new JsonArray();
            runtimes()
                    .forEach(r -> list.add(new JsonObject()
                            .put("language", LANGUAGE)
                            .put("version", r.version())
                            .put("aliases", aliases(r))
                            .put("runtime", r.name())));
            Json.send(ctx, 200, list.toBuffer());
        });
    }

    /** The one of jobs that name none first. */
    private Stream<RuntimeInfo> runtimes() {
        String standard = desk.runtimes().standard();
        return Stream.concat(
                desk.runtimes().all().stream().filter(r -> r.name().equals(standard)),
                desk.runtimes().all().stream().filter(r -> !r.name().equals(standard)));
    }

    private static JsonArray aliases(RuntimeInfo runtime) {
        JsonArray aliases = new JsonArray();
        ALIASES.stream().sorted().forEach(aliases::add);
        return aliases.add(runtime.name());
    }

    private void execute(RoutingContext ctx) {
        Future.<Void>succeededFuture()
                .compose(v -> {
                    JsonObject body = Json.body(ctx);
                    RuntimeInfo runtime = runtime(body);
                    JsonObject job = job(body).put("runtime", runtime.name());
                    return desk.run(ctx, job, desk.maxWaitMs(), id -> desk.cancelWhenGone(ctx, id))
                            .compose(whole -> answer(whole, runtime));
                })
                .onSuccess(answer -> Json.send(ctx, 200, answer.toBuffer()))
                .onFailure(e -> {
                    Wrong wrong = Wrong.of(e, desk, ctx);
                    // Piston knows no 422.
                    Wrong known = wrong.status() == 422 ? new Wrong(400, wrong.text()) : wrong;
                    known.answer(ctx, new JsonObject().put("message", known.text()));
                });
    }

    private RuntimeInfo runtime(JsonObject body) {
        String language = Json.text(body, "language");
        if (language == null) {
            throw new Wrong(400, "language is required as a string");
        }
        String version = Json.text(body, "version");
        if (version == null) {
            throw new Wrong(400, "version is required as a string");
        }
        return runtimes()
                .filter(r -> language.equals(LANGUAGE) || ALIASES.contains(language) || language.equals(r.name()))
                .filter(r -> new VersionRange(version).has(r.version()))
                .findFirst()
                .orElseThrow(() -> new Wrong(400, language + "-" + version + " runtime is unknown"));
    }

    private static JsonObject job(JsonObject body) {
        JsonArray given = Json.list(body, "files");
        if (given.isEmpty()) {
            throw new Wrong(400, "files is required as a non-empty array");
        }
        JsonArray files = new JsonArray();
        for (Object o : given) {
            JsonObject file = o instanceof JsonObject json ? json : new JsonObject();
            files.add(file(file, files.isEmpty() ? ENTRY : "file" + files.size() + ".code"));
        }
        String stdin = Json.text(body, "stdin");
        JsonObject limits = new JsonObject();
        limit(body, "run_timeout", limits, "wall_ms");
        limit(body, "run_cpu_time", limits, "cpu_ms");
        limit(body, "run_memory_limit", limits, "memory_bytes");
        return new JsonObject()
                .put("files", files)
                .put("entry", files.getJsonObject(0).getString("path"))
                .put("stdin", stdin == null ? "" : stdin)
                .put("args", Json.list(body, "args"))
                .put("limits", limits);
    }

    private static JsonObject file(JsonObject file, String otherwise) {
        String content = Json.text(file, "content");
        if (content == null) {
            throw new Wrong(400, "files[].content is required as a string");
        }
        String name = Json.text(file, "name");
        String encoding = Json.text(file, "encoding");
        JsonObject ours = new JsonObject().put("path", name == null || name.isEmpty() ? otherwise : name);
        return switch (encoding == null ? "utf8" : encoding) {
            case "base64" -> ours.put("content_base64", content);
            case "hex" -> ours.put("content_base64", Base64.getEncoder().encodeToString(hex(content)));
            case "utf8" -> ours.put("content", content);
            default -> throw new Wrong(400, "files[].encoding must be base64, hex or utf8");
        };
    }

    private static byte[] hex(String content) {
        try {
            return HexFormat.of().parseHex(content);
        } catch (IllegalArgumentException e) {
            throw new Wrong(400, "files[].content is not hex");
        }
    }

    /** A limit that is not positive is none of the client's. */
    private static void limit(JsonObject body, String theirs, JsonObject limits, String ours) {
        Double value = Json.number(body, theirs);
        if (value != null && value > 0) {
            limits.put(ours, (long) (double) value);
        }
    }

    private Future<JsonObject> answer(Whole whole, RuntimeInfo runtime) {
        JobStatus status = whole.job().status();
        if (!status.isTerminal()) {
            desk.cancel(whole.job().id().text());
            return Future.failedFuture(
                    new Wrong(503, "The program has not ended in the time that a request may wait."));
        }
        if (status != JobStatus.DONE) {
            return Future.failedFuture(new Wrong(500, whole.job().result().message()));
        }
        return desk.written(whole.job().id())
                .map(output -> new JsonObject()
                        .put("language", LANGUAGE)
                        .put("version", runtime.version())
                        .put("run", run(whole, output)));
    }

    private static JsonObject run(Whole whole, Buffer output) {
        Result result = whole.job().result();
        boolean killed = result.exitCode() == null;
        String status = switch (result.outcome()) {
            case OK -> null;
            case RUNTIME_ERROR -> "RE";
            case SIGNALED, MEMORY_LIMIT -> "SG";
            case CPU_LIMIT, WALL_LIMIT, IDLE_LIMIT -> "TO";
            case OUTPUT_LIMIT -> result.limitsHit().contains("stderr") ? "EL" : "OL";
        };
        return new JsonObject()
                .put("stdout", whole.output().stdout().toString())
                .put("stderr", whole.output().stderr().toString())
                .put("output", output.toString())
                .put("code", result.exitCode())
                .put("signal", killed ? result.signal() == null ? "SIGKILL" : result.signal() : null)
                .put("message", result.outcome() == Outcome.OK ? null : result.message())
                .put("status", status)
                .put("cpu_time", result.usage().cpuMs())
                .put("wall_time", result.usage().wallMs())
                .put("memory", result.usage().memoryPeakBytes());
    }
}
