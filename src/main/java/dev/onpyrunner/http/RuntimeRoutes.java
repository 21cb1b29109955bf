package dev.onpyrunner.http;

import dev.onpyrunner.job.Nodes;
import dev.onpyrunner.job.RuntimeCatalog;
import dev.onpyrunner.job.RuntimeInfo;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.util.List;

/** {@code /v1/runtimes}: what a job may ask to be run by. */
final class RuntimeRoutes {
    private final RuntimeCatalog runtimes;
    private final Recent<List<Nodes.Info>> nodes;

    RuntimeRoutes(RuntimeCatalog runtimes, Nodes nodes) {
        this.runtimes = runtimes;
        this.nodes = new Recent<>(nodes::all, System::nanoTime);
    }

    void mount(Router router) {
        router.get("/v1/runtimes")
                .method(HttpMethod.HEAD)
                .produces("application/json")
                .handler(ctx -> nodes.get()
                        .compose(all -> ctx.response()
                                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                                .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                                .end(json(all).toBuffer()))
                        .onFailure(ctx::fail));
    }

    private JsonObject json(List<Nodes.Info> all) {
        JsonArray list = new JsonArray();
        for (RuntimeInfo r : runtimes.all()) {
            long count =
                    all.stream().filter(n -> n.runtimes().contains(r.name())).count();
            list.add(r.toJson().put("nodes", count));
        }
        return new JsonObject().put("default", runtimes.standard()).put("runtimes", list);
    }
}
