package dev.onpyrunner.redis;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Whether a Redis is one that jobs can be trusted to: new enough, and never forgetting by itself. */
public final class RedisCheck {
    private static final Pattern VERSION = Pattern.compile("redis_version:([0-9]+)\\.");
    private static final Pattern POLICY = Pattern.compile("maxmemory_policy:([a-z-]+)");
    private static final int FLOOR = 7;

    private RedisCheck() {}

    /** Fails with a sentence that says what is wrong and what to do. */
    public static Future<Void> check(Vertx vertx, RedisSettings settings) {
        return RedisLink.open(vertx, settings, "check")
                .compose(link -> link.send(Request.cmd(Command.INFO))
                        .compose(RedisCheck::judge)
                        .eventually(link::close));
    }

    private static Future<Void> judge(Response info) {
        String text = info.toString();
        Matcher version = VERSION.matcher(text);
        if (!version.find() || Integer.parseInt(version.group(1)) < FLOOR) {
            return Future.failedFuture(new IllegalStateException("Redis 7.0 or newer, or Valkey, is needed."));
        }
        Matcher policy = POLICY.matcher(text);
        if (policy.find() && !policy.group(1).equals("noeviction")) {
            return Future.failedFuture(new IllegalStateException("This Redis may forget jobs: its maxmemory-policy is "
                    + policy.group(1) + ". Set it to noeviction."));
        }
        return Future.succeededFuture();
    }
}
