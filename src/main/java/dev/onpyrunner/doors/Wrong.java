package dev.onpyrunner.doors;

import dev.onpyrunner.http.Desk;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.List;

/** A request that is refused; each protocol has a form of its own for it. */
final class Wrong extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final transient List<Field> fields;
    private final int retryAfterS;

    /** One wrong field. */
    record Field(String name, String detail) {}

    Wrong(int status, String message) {
        this(status, message, List.of(), 0);
    }

    /** One field of a request is wrong. */
    Wrong(String field, String detail) {
        this(422, detail, List.of(new Field(field, detail)), 0);
    }

    private Wrong(int status, String message, List<Field> fields, int retryAfterS) {
        super(message, null, false, false);
        this.status = status;
        this.fields = List.copyOf(fields);
        this.retryAfterS = retryAfterS;
    }

    /** What a failure means: fields have the names of our own API, as in {@code limits/cpu_ms}. */
    static Wrong of(Throwable cause, Desk desk, RoutingContext ctx) {
        if (cause instanceof Wrong wrong) {
            return wrong;
        }
        JsonObject problem = desk.problem(cause, ctx.request().path());
        List<Field> fields = new ArrayList<>();
        for (Object o : problem.getJsonArray("errors", new JsonArray())) {
            JsonObject error = (JsonObject) o;
            fields.add(new Field(error.getString("pointer").replaceFirst("^/", ""), error.getString("detail")));
        }
        return new Wrong(problem.getInteger("status"), problem.getString("detail"), fields, desk.retryAfterS(cause));
    }

    int status() {
        return status;
    }

    List<Field> fields() {
        return fields;
    }

    /** All of it in one text. */
    String text() {
        StringBuilder text = new StringBuilder(getMessage());
        for (Field field : fields) {
            if (!field.detail().equals(getMessage()) || fields.size() > 1) {
                text.append("; ").append(field.name()).append(": ").append(field.detail());
            }
        }
        return text.toString();
    }

    /** Answers with this body. */
    void answer(RoutingContext ctx, JsonObject body) {
        if (retryAfterS > 0 && !ctx.response().headWritten()) {
            ctx.response().putHeader(HttpHeaders.RETRY_AFTER, String.valueOf(retryAfterS));
        }
        Json.send(ctx, status, body.toBuffer());
    }
}
