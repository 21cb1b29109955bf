package dev.onpyrunner.mcp;

import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Set;

/**
 * One request of a client.
 *
 * <p>Since the revision 2026-07-28 a request says by itself which revision it is of, and some headers repeat what is in its
 * body, for proxies; before it, a handshake agreed on the revision.
 *
 * @param id as the client has it: a text or a whole number
 * @param modern whether it is of a revision without a handshake
 */
record Call(Object id, String method, JsonObject params, boolean modern) {
    static final String MODERN = "2026-07-28";
    /** Those with a handshake, the newest first. */
    static final List<String> WITH_HANDSHAKE = List.of("2025-11-25", "2025-06-18");

    private static final String VERSION_HEADER = "MCP-Protocol-Version";
    private static final String VERSION = "io.modelcontextprotocol/protocolVersion";
    private static final String CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
    /** Methods that name something; these come from the client, so only those that are known here count. */
    private static final Set<String> NAMING = Set.of("tools/call");

    private static final int MOST_ID = 1_000;
    private static final String BASE64 = "=?base64?";

    /**
     * Reads a request.
     *
     * @throws RpcError when it is none, or contradicts itself, or is of a revision that is not spoken here
     */
    static Call of(Object id, JsonObject message, MultiMap headers) {
        if (!isId(id)) {
            throw new RpcError(
                    RpcError.INVALID_REQUEST,
                    "id must be a whole number, or a text of at most " + MOST_ID + " characters.");
        }
        if (!(message.getValue("method") instanceof String method)) {
            throw new RpcError(RpcError.INVALID_REQUEST, "method must be a text.");
        }
        Object given = message.getValue("params", new JsonObject());
        if (!(given instanceof JsonObject params)) {
            throw new RpcError(RpcError.INVALID_PARAMS, "params must be an object.");
        }
        String header = one(headers, VERSION_HEADER);
        JsonObject meta = params.getValue("_meta") instanceof JsonObject m ? m : new JsonObject();
        boolean handshake = header == null || WITH_HANDSHAKE.contains(header);
        if (handshake && !meta.containsKey(VERSION) && !method.equals("server/discover")) {
            return new Call(id, method, params, false);
        }
        if (!(meta.getValue(VERSION) instanceof String version)
                || !(meta.getValue(CAPABILITIES) instanceof JsonObject)) {
            if (header != null && !header.equals(MODERN)) {
                throw unsupported(header);
            }
            throw new RpcError(
                    RpcError.INVALID_PARAMS, "params._meta must have " + VERSION + " and " + CAPABILITIES + ".");
        }
        same(VERSION_HEADER, header, version);
        same("Mcp-Method", one(headers, "Mcp-Method"), method);
        if (NAMING.contains(method) && params.getValue("name") instanceof String name) {
            same("Mcp-Name", decoded(one(headers, "Mcp-Name")), name);
        }
        if (!version.equals(MODERN)) {
            throw unsupported(version);
        }
        return new Call(id, method, params, true);
    }

    /** Whether it can be an answer's id. */
    static boolean isId(Object id) {
        return id instanceof Integer || id instanceof Long || (id instanceof String text && text.length() <= MOST_ID);
    }

    private static RpcError unsupported(String version) {
        JsonArray supported = new JsonArray().add(MODERN);
        WITH_HANDSHAKE.forEach(supported::add);
        return new RpcError(
                RpcError.UNSUPPORTED_VERSION,
                "Unsupported protocol version",
                new JsonObject().put("supported", supported).put("requested", version));
    }

    private static String one(MultiMap headers, String name) {
        List<String> all = headers.getAll(name);
        if (all.size() > 1) {
            throw new RpcError(RpcError.HEADER_MISMATCH, "The header " + name + " is there more than once.");
        }
        return all.isEmpty() ? null : all.get(0);
    }

    private static void same(String name, String header, String body) {
        if (!body.equals(header)) {
            throw new RpcError(
                    RpcError.HEADER_MISMATCH, "The header " + name + " must be there and say what the body says.");
        }
    }

    /** A name that is no plain ASCII comes in base64, marked as such. */
    private static String decoded(String header) {
        if (header == null || !header.startsWith(BASE64) || !header.endsWith("?=")) {
            return header;
        }
        try {
            byte[] bytes = Base64.getDecoder().decode(header.substring(BASE64.length(), header.length() - 2));
            return new String(bytes, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            return null;
        }
    }
}
