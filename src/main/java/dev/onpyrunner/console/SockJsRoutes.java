package dev.onpyrunner.console;

import io.vertx.core.Vertx;
import io.vertx.ext.bridge.BridgeEventType;
import io.vertx.ext.bridge.PermittedOptions;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.handler.HttpException;
import io.vertx.ext.web.handler.sockjs.BridgeEvent;
import io.vertx.ext.web.handler.sockjs.SockJSBridgeOptions;
import io.vertx.ext.web.handler.sockjs.SockJSHandler;
import io.vertx.ext.web.handler.sockjs.SockJSHandlerOptions;
import java.util.List;
import java.util.Set;

/**
 * {@code /eventbus}: a job's events for pages that speak the protocol of Vert.x' event-bus bridge. Nothing can be sent, and only
 * who knows a job's id can hear of it. What was before is not told: the live console does that.
 */
public final class SockJsRoutes {
    private static final String JOB = "onpyrunner\\.job\\.[0-9]{1,5}-[0-9a-z]{26}";
    private static final int MAX_ADDRESSES = 100;
    private static final int MAX_ADDRESS = 100;

    private SockJsRoutes() {}

    /**
     * Adds the routes.
     *
     * @param origins whose pages may come, besides this server's own
     */
    public static void mount(Router router, Vertx vertx, Set<String> origins) {
        SockJSHandlerOptions transports = new SockJSHandlerOptions();
        List.of("EVENTSOURCE", "HTMLFILE", "JSONP", "XHR").forEach(transports::addDisabledTransport);
        SockJSBridgeOptions permitted = new SockJSBridgeOptions()
                .setMaxHandlersPerSocket(MAX_ADDRESSES)
                .setMaxAddressLength(MAX_ADDRESS)
                .addOutboundPermitted(new PermittedOptions().setAddressRegex(JOB));
        router.route("/eventbus/*").handler(ctx -> {
            if (!ConsoleRoutes.isWelcome(ctx, origins)) {
                throw new HttpException(
                        403, "This may only be opened from this server's own page, or one of http.allowed_origins.");
            }
            ctx.next();
        });
        router.route("/eventbus/*")
                .subRouter(SockJSHandler.create(vertx, transports).bridge(permitted, SockJsRoutes::event));
    }

    /** The bridge itself would keep any amount for a page that does not read. */
    private static void event(BridgeEvent event) {
        if (event.type() == BridgeEventType.RECEIVE && event.socket().writeQueueFull()) {
            event.complete(false);
            event.socket().close();
        } else {
            event.complete(true);
        }
    }
}
