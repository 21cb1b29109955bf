package dev.onpyrunner.mcp;

import dev.onpyrunner.http.Desk;
import dev.onpyrunner.job.JobStatus;
import dev.onpyrunner.job.JobStore.Whole;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Set;

/**
 * The tools: {@code run_python}, {@code get_job}, {@code cancel_job}. What they are told to be is in {@code mcp/tools.json}.
 *
 * <p>A refusal is a result that says what is wrong, so that an agent can mend its call. An answer has a bounded size.
 */
final class Tools {
    /** Most characters of one stream in an answer; more costs an agent more than it tells. */
    private static final int MOST_TEXT = 30_000;

    private static final int WAIT_S = 20;
    /** What is told of a job, as REST has it. */
    private static final List<String> TOLD = List.of(
            "status", "outcome", "exit_code", "signal", "message", "limits_hit", "usage", "runtime", "error", "queue");

    private final Desk desk;
    private final Buffer list;

    Tools(Desk desk) {
        this.desk = desk;
        try (InputStream in = Tools.class.getResourceAsStream("/mcp/tools.json")) {
            list = Buffer.buffer(in.readAllBytes());
        } catch (IOException e) {
            throw new IllegalStateException("the packaged mcp/tools.json cannot be read", e);
        }
    }

    JsonObject list() {
        return new JsonObject(list);
    }

    /** Fails with {@link RpcError} when there is no such tool; all else is a result. */
    Future<JsonObject> call(RoutingContext ctx, Call call) {
        String name = call.params().getValue("name") instanceof String text ? text : "";
        JsonObject tool = list().getJsonArray("tools").stream()
                .map(JsonObject.class::cast)
                .filter(t -> t.getString("name").equals(name))
                .findFirst()
                .orElseThrow(() -> new RpcError(RpcError.INVALID_PARAMS, "There is no such tool."));
        if (!(call.params().getValue("arguments", new JsonObject()) instanceof JsonObject given)) {
            throw new RpcError(RpcError.INVALID_PARAMS, "arguments must be an object.");
        }
        Set<String> known =
                tool.getJsonObject("inputSchema").getJsonObject("properties").fieldNames();
        List<String> unknown =
                given.fieldNames().stream().filter(n -> !known.contains(n)).toList();
        if (!unknown.isEmpty()) {
            return Future.succeededFuture(failed("There is no such argument: " + String.join(", ", unknown)
                    + ". There are: " + String.join(", ", known) + "."));
        }
        JsonObject arguments = given.copy();
        Object wait = arguments.remove("wait_s");
        if (wait != null && !(wait instanceof Integer seconds && seconds >= 0)) {
            return Future.succeededFuture(failed("wait_s must be a whole number of seconds."));
        }
        long waitMs = 1000L * (wait == null ? name.equals("get_job") ? 0 : WAIT_S : (Integer) wait);
        Future<Whole> done = switch (name) {
            case "run_python" ->
                desk.run(ctx, arguments, waitMs, id -> {
                    // Since 2026-07-28 a client cancels its request by going away; it has not heard the job's id then.
                    if (call.modern()) {
                        desk.cancelWhenGone(ctx, id);
                    }
                });
            case "get_job" -> desk.get(ctx, id(arguments), waitMs);
            default -> desk.cancel(id(arguments));
        };
        return done.map(Tools::result)
                .otherwise(e -> failed(desk.problem(e, ctx.request().path())));
    }

    private static String id(JsonObject arguments) {
        return arguments.getValue("job_id") instanceof String id ? id : null;
    }

    private static JsonObject result(Whole whole) {
        JsonObject job = whole.job().toJson(whole.output());
        JsonObject told = new JsonObject().put("job_id", job.getString("id"));
        for (String field : TOLD) {
            if (job.containsKey(field)) {
                told.put(field, job.getValue(field));
            }
        }
        for (String stream : List.of("stdout", "stderr")) {
            told.put(stream, cut(job.getString(stream)));
        }
        if (job.containsKey("stack")) {
            told.put("stack", cut(job.getString("stack")));
        }
        told.put("files", job.getJsonArray("files"));
        JsonObject links = job.getJsonObject("links");
        told.put(
                "links",
                new JsonObject()
                        .put("stdout", links.getString("self") + "/stdout")
                        .put("stderr", links.getString("self") + "/stderr"));
        return answer(told.encode(), whole.job().status() == JobStatus.ERROR).put("structuredContent", told);
    }

    /** The beginning and the end of a text, with a mark between them. */
    private static String cut(String text) {
        if (text.length() <= MOST_TEXT) {
            return text;
        }
        int end = MOST_TEXT / 2;
        int begin = text.length() - MOST_TEXT / 2;
        end -= Character.isHighSurrogate(text.charAt(end - 1)) ? 1 : 0;
        begin += Character.isLowSurrogate(text.charAt(begin)) ? 1 : 0;
        return text.substring(0, end) + "\n[… " + (begin - end) + " characters are left out …]\n"
                + text.substring(begin);
    }

    private static JsonObject failed(JsonObject problem) {
        StringBuilder text =
                new StringBuilder(problem.getString("title")).append(": ").append(problem.getString("detail"));
        for (Object o : problem.getJsonArray("errors", new JsonArray())) {
            JsonObject error = (JsonObject) o;
            text.append("\n").append(error.getString("pointer")).append(": ").append(error.getString("detail"));
        }
        return failed(text.toString());
    }

    private static JsonObject failed(String text) {
        return answer(text, true);
    }

    private static JsonObject answer(String text, boolean isError) {
        return new JsonObject()
                .put(
                        "content",
                        new JsonArray().add(new JsonObject().put("type", "text").put("text", text)))
                .put("isError", isError);
    }
}
