package dev.onpyrunner.http;

import dev.onpyrunner.job.Nodes;
import dev.onpyrunner.job.RuntimeInfo;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.util.List;

/** {@code /v1/runtimes}: what a job may ask to be run by. */
final class RuntimeRoutes {
    private final HttpSettings settings;
    private final Recent<List<Nodes.Info>> nodes;

    RuntimeRoutes(HttpSettings settings, Recent<List<Nodes.Info>> nodes) {
        this.settings = settings;
        this.nodes = nodes;
    }

    void mount(Router router) {
        router.get("/v1/runtimes")
                .method(HttpMethod.HEAD)
                .produces(Answers.JSON)
                .handler(ctx -> nodes.get()
                        .compose(all -> Answers.json(
                                ctx,
                                200,
                                json(all, settings.of(KeyGate.of(ctx))).toBuffer()))
                        .onFailure(ctx::fail));
    }

    private static JsonObject json(List<Nodes.Info> all, HttpSettings settings) {
        JsonArray list = new JsonArray();
        for (RuntimeInfo r : settings.runtimes().all()) {
            if (!settings.hasRuntime(r.name())) {
                continue;
            }
            long count =
                    all.stream().filter(n -> n.runtimes().contains(r.name())).count();
            list.add(r.toJson().put("nodes", count));
        }
        return new JsonObject().put("default", settings.standardRuntime()).put("runtimes", list);
    }
}
