package dev.onpyrunner.http;

import dev.onpyrunner.http.Problem.Kind;
import dev.onpyrunner.job.JobMeters;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.Nodes;
import dev.onpyrunner.job.QueueFigures;
import dev.onpyrunner.job.RunningJobs;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What tells of nodes and of other people's jobs, {@code /v1/nodes}, {@code /v1/running}, {@code /v1/dead} and {@code /metrics}, and
 * lets a node drain. They need the operator's token; without one in the settings all but the metrics, which name nobody, are closed.
 */
final class OperatorRoutes {
    private static final Logger LOG = LoggerFactory.getLogger(OperatorRoutes.class);
    private static final int MOST_DEAD = 100;
    private static final int MOST_RUNNING = 500;

    private final Operator operator;
    private final RunningJobs running;
    private final JobStore store;
    private final Recent<QueueFigures> figures;
    private final Nodes nodes;
    private final JobMeters meters;

    OperatorRoutes(
            Operator operator,
            JobStore store,
            RunningJobs running,
            Recent<QueueFigures> figures,
            Nodes nodes,
            JobMeters meters) {
        this.operator = operator;
        this.running = running;
        this.store = store;
        this.figures = figures;
        this.nodes = nodes;
        this.meters = meters;
    }

    /** Routes of every node. */
    void mountMetrics(Router router) {
        router.get("/metrics").method(HttpMethod.HEAD).handler(ctx -> {
            if (operator.isNamed()) {
                operator.require(ctx);
            }
            // The rest is this node's own and can be told without Redis.
            figures.get()
                    .onComplete(queue -> ctx.response()
                            .putHeader(HttpHeaders.CONTENT_TYPE, JobMeters.CONTENT_TYPE)
                            .end(meters.text(queue.result())));
        });
    }

    /** Routes of nodes that take requests. */
    void mount(Router router) {
        router.get("/v1/nodes")
                .method(HttpMethod.HEAD)
                .produces("application/json")
                .handler(ctx -> {
                    operator.require(ctx);
                    nodes.all()
                            .onSuccess(all -> {
                                JsonArray list = new JsonArray();
                                all.forEach(n -> list.add(n.toJson()));
                                ctx.json(new JsonObject().put("nodes", list));
                            })
                            .onFailure(ctx::fail);
                });
        router.get("/v1/dead")
                .method(HttpMethod.HEAD)
                .produces("application/json")
                .handler(ctx -> {
                    operator.require(ctx);
                    store.dead(MOST_DEAD)
                            .onSuccess(all -> {
                                JsonArray list = new JsonArray();
                                all.forEach(d -> list.add(new JsonObject()
                                        .put("id", d.id().text())
                                        .put("code", d.why())
                                        .put("at", Instant.ofEpochMilli(d.at()).toString())));
                                ctx.json(new JsonObject().put("dead", list));
                            })
                            .onFailure(ctx::fail);
                });
        router.get("/v1/running").method(HttpMethod.HEAD).produces(Answers.JSON).handler(ctx -> {
            operator.require(ctx);
            running.all(MOST_RUNNING)
                    .compose(all -> {
                        JsonArray list = new JsonArray();
                        all.stream().limit(MOST_RUNNING).forEach(r -> list.add(r.toJson()));
                        JsonObject json = new JsonObject().put("running", list);
                        return Answers.json(ctx, 200, json.toBuffer());
                    })
                    .onFailure(ctx::fail);
        });
        router.post("/v1/nodes/:name/drain").produces(Answers.JSON).handler(ctx -> drain(ctx, true));
        router.delete("/v1/nodes/:name/drain").produces(Answers.JSON).handler(ctx -> drain(ctx, false));
    }

    private void drain(RoutingContext ctx, boolean drains) {
        operator.require(ctx);
        String name = ctx.pathParam("name");
        nodes.all()
                .compose(all -> {
                    if (all.stream().noneMatch(n -> n.name().equals(name))) {
                        throw new Problem.Thrown(Problem.of(Kind.NOT_FOUND, "There is no node of this name now."));
                    }
                    return nodes.drain(name, drains);
                })
                .compose(v -> {
                    LOG.info("the operator lets node {} {}", name, drains ? "drain" : "take jobs again");
                    JsonObject json = new JsonObject().put("name", name).put("drain", drains);
                    return Answers.json(ctx, 202, json.toBuffer());
                })
                .onFailure(ctx::fail);
    }
}
