package dev.onpyrunner.mcp;

import dev.onpyrunner.http.Desk;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.ext.web.handler.HttpException;
import java.util.Locale;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code POST /mcp}: the streamable HTTP transport of the Model Context Protocol, without sessions. Each request is answered
 * with one JSON object; nothing is ever sent unasked, so there is no stream to get.
 *
 * <p>The protocol: modelcontextprotocol.io/specification, revisions 2026-07-28, 2025-11-25 and 2025-06-18.
 */
public final class McpRoutes {
    private static final Logger LOG = LoggerFactory.getLogger(McpRoutes.class);
    private static final String JSON = "application/json";
    /** How long a client may keep the list of tools: they are part of this release. */
    private static final long TOOLS_TTL_MS = 3_600_000;

    private static final String INSTRUCTIONS =
            "Runs Python programs in a jail without network. A program that takes long goes on after the answer: ask for it"
                    + " with get_job.";

    private final Tools tools;
    private final JsonObject server;

    private McpRoutes(Desk desk, String version) {
        this.tools = new Tools(desk);
        this.server = new JsonObject()
                .put("name", "onpyrunner")
                .put("title", "OnPyRunner")
                .put("version", version);
    }

    /**
     * Adds the route.
     *
     * @param origins whose pages may call, such as {@code https://example.org}
     * @param version this program's
     */
    public static void mount(Router router, Desk desk, Set<String> origins, String version) {
        Origins welcome = new Origins(origins);
        McpRoutes routes = new McpRoutes(desk, version);
        router.post("/mcp").handler(ctx -> {
            if (!welcome.allow(
                    ctx.request().getHeader(HttpHeaders.ORIGIN), ctx.request().getHeader(HttpHeaders.HOST))) {
                throw new HttpException(
                        403, "Pages of this origin may not call. http.allowed_origins has those that may.");
            }
            String type = ctx.request().getHeader(HttpHeaders.CONTENT_TYPE);
            if (type == null
                    || !type.split(";", 2)[0].trim().toLowerCase(Locale.ROOT).equals(JSON)) {
                throw new HttpException(415, "Send a JSON-RPC message as application/json.");
            }
            ctx.next();
        });
        router.post("/mcp")
                .produces(JSON)
                .handler(BodyHandler.create(false).setBodyLimit(desk.maxBodyBytes()))
                .handler(routes::post);
    }

    private void post(RoutingContext ctx) {
        JsonObject message;
        try {
            message = message(ctx.body().buffer());
        } catch (RpcError e) {
            send(ctx, 400, null, "error", e.toJson());
            return;
        }
        Object id = message.getValue("id");
        if (id == null && message.getValue("method") instanceof String) {
            ctx.response().setStatusCode(202).end(); // a notification: none changes anything here
            return;
        }
        Call call;
        try {
            call = Call.of(id, message, ctx.request().headers());
        } catch (RpcError e) {
            send(ctx, 400, Call.isId(id) ? id : null, "error", e.toJson());
            return;
        }
        answer(ctx, call)
                .onSuccess(result -> send(ctx, 200, call.id(), "result", call.modern() ? complete(result) : result))
                .onFailure(e -> {
                    RpcError error = e instanceof RpcError known ? known : internal(e);
                    send(ctx, call.modern() ? status(error) : 200, call.id(), "error", error.toJson());
                });
    }

    private static JsonObject message(Buffer body) {
        JsonObject message;
        try {
            message = new JsonObject(body == null ? Buffer.buffer() : body);
        } catch (DecodeException e) {
            throw new RpcError(RpcError.PARSE_ERROR, "The body is not one JSON object.");
        }
        if (!"2.0".equals(message.getValue("jsonrpc"))) {
            throw new RpcError(RpcError.INVALID_REQUEST, "jsonrpc must be \"2.0\".");
        }
        return message;
    }

    private Future<JsonObject> answer(RoutingContext ctx, Call call) {
        return Future.<Void>succeededFuture().compose(v -> switch (call.method()) {
            case "tools/list" -> Future.succeededFuture(tools.list());
            case "tools/call" -> tools.call(ctx, call);
            case "server/discover" -> Future.succeededFuture(discovery());
            case "initialize" -> call.modern() ? unknown() : Future.succeededFuture(hello(call));
            case "ping" -> call.modern() ? unknown() : Future.succeededFuture(new JsonObject());
            default -> unknown();
        });
    }

    private static Future<JsonObject> unknown() {
        return Future.failedFuture(new RpcError(RpcError.METHOD_NOT_FOUND, "There is no such method."));
    }

    private JsonObject hello(Call call) {
        Object asked = call.params().getValue("protocolVersion");
        String version = Call.WITH_HANDSHAKE.stream()
                .filter(v -> v.equals(asked))
                .findFirst()
                .orElse(Call.WITH_HANDSHAKE.get(0));
        return about().put("protocolVersion", version).put("serverInfo", server);
    }

    private JsonObject discovery() {
        JsonArray versions = new JsonArray().add(Call.MODERN);
        Call.WITH_HANDSHAKE.forEach(versions::add);
        return about().put("supportedVersions", versions);
    }

    private static JsonObject about() {
        return new JsonObject()
                .put("capabilities", new JsonObject().put("tools", new JsonObject()))
                .put("instructions", INSTRUCTIONS);
    }

    /** What every result has since 2026-07-28, and what those have that may be kept. */
    private JsonObject complete(JsonObject result) {
        if (result.containsKey("tools") || result.containsKey("supportedVersions")) {
            result.put("ttlMs", TOOLS_TTL_MS).put("cacheScope", "public");
        }
        return result.put("resultType", "complete")
                .put("_meta", new JsonObject().put("io.modelcontextprotocol/serverInfo", server));
    }

    private static RpcError internal(Throwable cause) {
        LOG.error("a call of a tool failed", cause);
        return new RpcError(RpcError.INTERNAL_ERROR, "The server made a mistake. Try again.");
    }

    private static int status(RpcError error) {
        return switch (error.code()) {
            case RpcError.METHOD_NOT_FOUND -> 404;
            case RpcError.INTERNAL_ERROR -> 500;
            default -> 400;
        };
    }

    private static void send(RoutingContext ctx, int status, Object id, String name, JsonObject value) {
        if (ctx.response().closed()) {
            return;
        }
        ctx.response()
                .setStatusCode(status)
                .putHeader(HttpHeaders.CONTENT_TYPE, JSON)
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                .end(new JsonObject()
                        .put("jsonrpc", "2.0")
                        .put("id", id)
                        .put(name, value)
                        .toBuffer());
    }
}
