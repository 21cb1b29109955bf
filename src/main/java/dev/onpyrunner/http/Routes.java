package dev.onpyrunner.http;

import dev.onpyrunner.job.ApiKeys;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.Nodes;
import dev.onpyrunner.job.QueueFigures;
import dev.onpyrunner.job.RunningJobs;
import dev.onpyrunner.job.Tickets;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import java.util.List;

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
            RunningJobs running,
            Nodes nodes,
            ApiKeys keys,
            Tickets tickets,
            Waits waits,
            HttpVerticle.Node node,
            String address) {
        Router router = Router.router(vertx);
        Problems.mount(router);
        Operator token = new Operator(settings);
        Audit.mount(router, settings, token);
        OwnNames.mount(router, settings);
        Cors.mount(router, settings);
        new KeyGate(settings, keys, tickets, token).mount(router);
        new HealthRoutes(store, node.ready()).mount(router);
        Recent<List<Nodes.Info>> all = new Recent<>(nodes::all, System::nanoTime);
        Recent<QueueFigures> figures = new Recent<>(store::queue, System::nanoTime);
        OperatorRoutes operator = new OperatorRoutes(token, store, running, figures, nodes, node.meters());
        operator.mountMetrics(router);
        if (!node.takesJobs()) {
            return new Routes(router, () -> {});
        }
        Runnable endStreams = node.mountConsole(router, vertx, store, Problems::json);
        Reception reception = new Reception(settings, store, node.ready(), address);
        new JobRoutes(settings, store, waits, node.bus(), node.meters(), reception).mount(router);
        new BatchRoutes(vertx, settings, store, waits, node.bus(), reception).mount(router);
        new InputRoutes(settings, store, node.bus()).mount(router);
        new FileRoutes(store).mount(router);
        new QueueRoutes(store, figures, all).mount(router);
        new LimitRoutes(settings).mount(router);
        new TicketRoutes(tickets).mount(router);
        new RuntimeRoutes(settings, all).mount(router);
        operator.mount(router);
        PageRoutes.mount(router);
        node.mountDoors(router, new Desk(settings, store, waits, node.bus(), reception));
        return new Routes(router, endStreams);
    }
}
