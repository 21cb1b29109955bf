package dev.onpyrunner.mcp;

import io.vertx.core.json.JsonObject;

/** A message that cannot be answered with a result: an error of JSON-RPC 2.0, section 5.1, or of the protocol itself. */
final class RpcError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    static final int PARSE_ERROR = -32700;
    static final int INVALID_REQUEST = -32600;
    static final int METHOD_NOT_FOUND = -32601;
    static final int INVALID_PARAMS = -32602;
    static final int INTERNAL_ERROR = -32603;
    static final int HEADER_MISMATCH = -32020;
    static final int UNSUPPORTED_VERSION = -32022;

    private final int code;
    private final transient JsonObject data;

    RpcError(int code, String message) {
        this(code, message, null);
    }

    RpcError(int code, String message, JsonObject data) {
        super(message, null, false, false);
        this.code = code;
        this.data = data;
    }

    int code() {
        return code;
    }

    JsonObject toJson() {
        JsonObject json = new JsonObject().put("code", code).put("message", getMessage());
        return data == null ? json : json.put("data", data);
    }
}
