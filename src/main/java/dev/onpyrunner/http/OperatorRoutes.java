package dev.onpyrunner.http;

import dev.onpyrunner.http.Problem.Kind;
import dev.onpyrunner.job.JobMeters;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.Nodes;
import dev.onpyrunner.job.QueueFigures;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;

/**
 * What tells of nodes and of other people's jobs: {@code /v1/nodes}, {@code /v1/dead}, {@code /metrics}. They need the
 * operator's token; without one in the settings the first two are closed and the metrics, which name nobody, are open.
 */
final class OperatorRoutes {
    private static final String BEARER = "Bearer ";
    private static final int MOST_DEAD = 100;

    private final String token;
    private final JobStore store;
    private final Recent<QueueFigures> figures;
    private final Nodes nodes;
    private final JobMeters meters;

    OperatorRoutes(HttpSettings settings, JobStore store, Recent<QueueFigures> figures, Nodes nodes, JobMeters meters) {
        this.token = settings.operatorToken();
        this.store = store;
        this.figures = figures;
        this.nodes = nodes;
        this.meters = meters;
    }

    /** Routes of every node. */
    void mountMetrics(Router router) {
        router.get("/metrics").method(HttpMethod.HEAD).handler(ctx -> {
            if (!token.isEmpty()) {
                authorize(ctx);
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
                    authorize(ctx);
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
                    authorize(ctx);
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
    }

    private void authorize(RoutingContext ctx) {
        if (token.isEmpty()) {
            throw new Problem.Thrown(Problem.of(
                    Kind.FORBIDDEN, "This is for the operator, and no operator_token is set on this server."));
        }
        String header = ctx.request().getHeader(HttpHeaders.AUTHORIZATION);
        boolean good = header != null
                && header.regionMatches(true, 0, BEARER, 0, BEARER.length())
                && MessageDigest.isEqual(
                        header.substring(BEARER.length()).trim().getBytes(StandardCharsets.UTF_8),
                        token.getBytes(StandardCharsets.UTF_8));
        if (!good) {
            ctx.response().putHeader("WWW-Authenticate", "Bearer");
            throw new Problem.Thrown(Problem.of(
                    Kind.UNAUTHORIZED, "This is for the operator: send \"Authorization: Bearer …\" with their token."));
        }
    }
}
