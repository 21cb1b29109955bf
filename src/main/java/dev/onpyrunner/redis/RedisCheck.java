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

    /** One line for a person: version, what it does when it is full, how it keeps data. Fails as {@link #check} does. */
    public static Future<String> describe(Vertx vertx, RedisSettings settings) {
        return check(vertx, settings)
                .compose(v -> RedisLink.open(vertx, settings, "check"))
                .compose(link -> link.send(Request.cmd(Command.INFO))
                        .map(info -> {
                            String text = info.toString();
                            boolean appends = text.contains("aof_enabled:1");
                            long most = Long.parseLong(first(text, "maxmemory:([0-9]+)", "0"));
                            return "Redis " + first(text, "redis_version:([0-9.]+)", "of unknown version") + ", "
                                    + first(text, "maxmemory_policy:([a-z-]+)", "no policy told") + ", "
                                    + (most == 0 ? "no memory limit of its own" : "at most " + (most >> 20) + " MiB")
                                    + ", "
                                    + (appends
                                            ? "append-only file on"
                                            : "append-only file OFF: what it holds may be lost when it stops");
                        })
                        .eventually(link::close));
    }

    private static String first(String text, String pattern, String otherwise) {
        Matcher found = Pattern.compile(pattern).matcher(text);
        return found.find() ? found.group(1) : otherwise;
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
