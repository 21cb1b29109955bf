package dev.onpyrunner.http;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;

/** How this server answers with JSON. */
final class Answers {
    static final String JSON = "application/json";

    private Answers() {}

    /** Answers with what is true now, and perhaps no longer in a moment: nobody may keep it. */
    static Future<Void> json(RoutingContext ctx, int status, Buffer json) {
        return ctx.response()
                .setStatusCode(status)
                .putHeader(HttpHeaders.CONTENT_TYPE, JSON)
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                .end(json);
    }
}
