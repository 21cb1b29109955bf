package dev.onpyrunner.http;

import dev.onpyrunner.job.ApiKeys;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.Nodes;
import dev.onpyrunner.job.QueueFigures;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;

/**
 * All that a node answers. {@code api/openapi.yaml} says the same, and a test holds the two together.
 *
 * @param endStreams ends the live consoles, for when the node stops
 */
record Routes(Router router, Runnable endStreams) {
    static Routes of(
            Vertx vertx,
            HttpSettings settings,
            JobStore store,
            Nodes nodes,
            ApiKeys keys,
            Waits waits,
            HttpVerticle.Node node,
            String address) {
        Router router = Router.router(vertx);
        Problems.mount(router);
        OwnNames.mount(router, settings);
        new KeyGate(settings, keys).mount(router);
        new HealthRoutes(store, node.ready()).mount(router);
        Recent<QueueFigures> figures = new Recent<>(store::queue, System::nanoTime);
        OperatorRoutes operator = new OperatorRoutes(settings, store, figures, nodes, node.meters());
        operator.mountMetrics(router);
        if (!node.takesJobs()) {
            return new Routes(router, () -> {});
        }
        Runnable endStreams = node.mountConsole(router, vertx, store, Problems::json);
        new JobRoutes(settings, store, waits, node.bus(), node.meters(), node.ready(), address).mount(router);
        new BatchRoutes(vertx, settings, store, waits, node.bus(), node.ready(), address).mount(router);
        new InputRoutes(settings, store, node.bus()).mount(router);
        new FileRoutes(store).mount(router);
        new QueueRoutes(store, figures, nodes).mount(router);
        new LimitRoutes(settings).mount(router);
        new RuntimeRoutes(settings.runtimes(), nodes).mount(router);
        operator.mount(router);
        PageRoutes.mount(router);
        node.mountDoors(router, new Desk(settings, store, waits, node.bus(), node.ready(), address));
        return new Routes(router, endStreams);
    }
}
