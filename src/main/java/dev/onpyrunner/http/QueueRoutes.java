package dev.onpyrunner.http;

import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.Nodes;
import dev.onpyrunner.job.QueueFigures;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.util.List;

/** {@code /v1/queue}: how long one has to wait, for everybody. */
final class QueueRoutes {
    private final JobStore store;
    private final Recent<QueueFigures> figures;
    private final Recent<List<Nodes.Info>> nodes;

    QueueRoutes(JobStore store, Recent<QueueFigures> figures, Recent<List<Nodes.Info>> nodes) {
        this.store = store;
        this.figures = figures;
        this.nodes = nodes;
    }

    void mount(Router router) {
        router.get("/v1/queue").method(HttpMethod.HEAD).produces(Answers.JSON).handler(ctx -> {
            Future<QueueFigures> queue = figures.get();
            Future.all(queue, nodes.get())
                    .compose(all -> Answers.json(
                            ctx,
                            200,
                            json(queue.result(), all.<List<?>>resultAt(1).size())
                                    .toBuffer()))
                    .onFailure(ctx::fail);
        });
    }

    private JsonObject json(QueueFigures queue, int count) {
        long wait = queue.estimatedWaitMs();
        return new JsonObject()
                .put("depth", queue.depth())
                .put("oldest_ms", queue.oldestMs())
                .put("running", queue.running())
                .put("slots", queue.slots())
                .put("nodes", count)
                // Nobody runs jobs, or none has ended yet: a job that came now would wait for this time at most.
                .put("estimated_wait_ms", wait < 0 ? store.settings().timeoutMs() : wait);
    }
}
