package dev.onpyrunner.http;

import dev.onpyrunner.job.CollectedFile;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;

/** {@code /v1/limits}: how large a request may be, and what a job may ask for. A client that knows need not be refused. */
final class LimitRoutes {
    private final HttpSettings settings;

    LimitRoutes(HttpSettings settings) {
        this.settings = settings;
    }

    private static Buffer json(HttpSettings settings) {
        return new JsonObject()
                .put("defaults", JsonObject.mapFrom(settings.defaults()))
                .put("maximum", JsonObject.mapFrom(settings.maximum()))
                .put("request", JsonObject.mapFrom(settings.caps()))
                .put("collected_bytes", CollectedFile.MAX_TOTAL_BYTES)
                .toBuffer();
    }

    void mount(Router router) {
        router.get("/v1/limits")
                .method(HttpMethod.HEAD)
                .produces(Answers.JSON)
                .handler(ctx -> Answers.json(ctx, 200, json(settings.of(KeyGate.of(ctx))))
                        .onFailure(ctx::fail));
    }
}
