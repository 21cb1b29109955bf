package dev.onpyrunner.http;

import dev.onpyrunner.job.CollectedFile;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;

/** {@code /v1/limits}: how large a request may be, and what a job may ask for. A client that knows need not be refused. */
final class LimitRoutes {
    private final JsonObject limits;

    LimitRoutes(HttpSettings settings) {
        this.limits = new JsonObject()
                .put("defaults", JsonObject.mapFrom(settings.defaults()))
                .put("maximum", JsonObject.mapFrom(settings.maximum()))
                .put("request", JsonObject.mapFrom(settings.caps()))
                .put("collected_bytes", CollectedFile.MAX_TOTAL_BYTES);
    }

    void mount(Router router) {
        router.get("/v1/limits")
                .method(HttpMethod.HEAD)
                .produces("application/json")
                .handler(ctx -> ctx.response()
                        .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                        .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                        .end(limits.toBuffer())
                        .onFailure(ctx::fail));
    }
}
