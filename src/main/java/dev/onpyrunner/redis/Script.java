package dev.onpyrunner.redis;

import io.vertx.core.Future;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.impl.types.ErrorType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * A Lua script that Redis runs as one step.
 *
 * <p>It is called by its hash (EVALSHA) and sent again when Redis does not know it, as after a restart. The text is the
 * resource {@code lua/<name>.lua}, with {@code lua/common.lua} put in after its first line, since Redis scripts cannot
 * import.
 */
public final class Script {
    private final String text;
    private final String sha1;

    private Script(String text) {
        this.text = text;
        try {
            byte[] digest = MessageDigest.getInstance("SHA-1").digest(text.getBytes(StandardCharsets.UTF_8));
            this.sha1 = HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Reads a script.
     *
     * @throws IllegalArgumentException when there is no such resource
     */
    public static Script named(String name) {
        String body = resource("lua/" + name + ".lua");
        int line = body.indexOf('\n') + 1;
        return new Script(body.substring(0, line) + resource("lua/common.lua") + body.substring(line));
    }

    private static String resource(String path) {
        try (InputStream in = Script.class.getClassLoader().getResourceAsStream(path)) {
            if (in == null) {
                throw new IllegalArgumentException("no resource " + path);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Runs the script.
     *
     * @param keys its keys, all with one hash tag
     * @param args its arguments: text, numbers, or {@link io.vertx.core.buffer.Buffer} for raw bytes
     */
    public Future<Response> run(RedisLink redis, List<String> keys, List<?> args) {
        return redis.send(call(Command.EVALSHA, sha1, keys, args)).recover(e -> {
            if (e instanceof ErrorType error && error.is("NOSCRIPT")) {
                return redis.send(call(Command.EVAL, text, keys, args));
            }
            return Future.failedFuture(e);
        });
    }

    private static Request call(Command command, String script, List<String> keys, List<?> args) {
        Request request = Request.cmd(command).arg(script).arg(keys.size());
        keys.forEach(request::arg);
        for (Object arg : args) {
            if (arg instanceof io.vertx.core.buffer.Buffer bytes) {
                request.arg(bytes);
            } else {
                request.arg(String.valueOf(arg));
            }
        }
        return request;
    }
}
