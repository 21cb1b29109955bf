package dev.onpyrunner.http;

import dev.onpyrunner.http.Problem.Kind;
import dev.onpyrunner.job.JobStore;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.util.function.BooleanSupplier;

/** {@code /healthz}: the process is alive. {@code /readyz}: it can accept jobs and, where it has slots, run them. */
final class HealthRoutes {
    private final JobStore store;
    private final BooleanSupplier ready;

    HealthRoutes(JobStore store, BooleanSupplier ready) {
        this.store = store;
        this.ready = ready;
    }

    void mount(Router router) {
        JsonObject up = new JsonObject().put("status", "UP");
        router.get("/healthz").method(HttpMethod.HEAD).handler(ctx -> ctx.json(up));
        router.get("/readyz").method(HttpMethod.HEAD).handler(ctx -> {
            Problem.refuseUnless(ready);
            if (!store.isUp()) {
                ctx.fail(new Problem.Thrown(Problem.later(Kind.UNAVAILABLE, "The job store cannot be reached.", 2)));
            } else {
                ctx.json(up);
            }
        });
    }
}
