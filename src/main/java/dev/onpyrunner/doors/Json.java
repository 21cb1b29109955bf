package dev.onpyrunner.doors;

import dev.onpyrunner.http.Desk;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.ext.web.handler.HttpException;
import java.util.Locale;

/**
 * Bodies in JSON, as clients of other protocols send them: a field that is null is one that is not there, and one that is
 * not known is passed over.
 */
final class Json {
    private static final String TYPE = "application/json";

    private Json() {}

    /** Adds a route for a body in JSON. Forms are refused: a page of any origin can send one. */
    static void post(Router router, String path, Desk desk, Handler<RoutingContext> handler) {
        router.post(path).handler(ctx -> {
            String type = ctx.request().getHeader(HttpHeaders.CONTENT_TYPE);
            if (type == null
                    || !type.split(";", 2)[0].trim().toLowerCase(Locale.ROOT).equals(TYPE)) {
                throw new HttpException(415, "Send application/json.");
            }
            ctx.next();
        });
        router.post(path)
                .handler(BodyHandler.create(false).setBodyLimit(desk.maxBodyBytes()))
                .handler(handler);
    }

    static JsonObject body(RoutingContext ctx) {
        Buffer body = ctx.body().buffer();
        try {
            return new JsonObject(body == null ? Buffer.buffer() : body);
        } catch (DecodeException e) {
            throw new Wrong(400, "The body is not one JSON object.");
        }
    }

    static void send(RoutingContext ctx, int status, Buffer json) {
        if (!ctx.response().closed()) {
            ctx.response()
                    .setStatusCode(status)
                    .putHeader(HttpHeaders.CONTENT_TYPE, TYPE)
                    .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                    .end(json);
        }
    }

    /** A text; null when it is not there. */
    static String text(JsonObject json, String name) {
        Object value = json.getValue(name);
        if (value == null || value instanceof String) {
            return (String) value;
        }
        throw new Wrong(name, "must be a text");
    }

    /** A number; null when it is not there. Some clients send one as a text. */
    static Double number(JsonObject json, String name) {
        Object value = json.getValue(name);
        try {
            if (value == null || value instanceof Number) {
                return value == null ? null : (Double) ((Number) value).doubleValue();
            }
            if (value instanceof String text && text.length() < 32) {
                return Double.valueOf(text);
            }
        } catch (NumberFormatException e) {
            throw new Wrong(name, "must be a number");
        }
        throw new Wrong(name, "must be a number");
    }

    static JsonArray list(JsonObject json, String name) {
        Object value = json.getValue(name);
        if (value == null || value instanceof JsonArray) {
            return value == null ? new JsonArray() : (JsonArray) value;
        }
        throw new Wrong(name, "must be a list");
    }

    static JsonObject object(JsonObject json, String name) {
        Object value = json.getValue(name);
        if (value == null || value instanceof JsonObject) {
            return value == null ? new JsonObject() : (JsonObject) value;
        }
        throw new Wrong(name, "must be an object");
    }
}
