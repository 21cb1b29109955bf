package dev.onpyrunner.redis;

import dev.onpyrunner.redis.RedisSettings.Kind;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.impl.types.ErrorType;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether a Redis is one that jobs can be trusted to: new enough, never forgetting by itself, and the one to write to. */
public final class RedisCheck {
    private static final Logger LOG = LoggerFactory.getLogger(RedisCheck.class);
    private static final int FLOOR = 7;
    private static final long AGAIN_MS = 250;

    private RedisCheck() {}

    /** Fails with a sentence that says what is wrong, with which server, and what to do. */
    public static Future<Void> check(Vertx vertx, RedisSettings settings) {
        return look(vertx, settings, List.of()).mapEmpty();
    }

    /**
     * The same, for a node that starts: a Redis that starts too is given time.
     *
     * @param forMs how long to try again while there is no Redis, in milliseconds; what is wrong with one is told at once
     */
    public static Future<Void> check(Vertx vertx, RedisSettings settings, long forMs) {
        long since = System.nanoTime();
        return check(vertx, settings).recover(e -> {
            if (!isAway(e)) {
                return Future.failedFuture(e);
            }
            LOG.warn("{}; trying again for {} s", e.getMessage(), forMs / 1_000);
            return again(vertx, settings, since, forMs);
        });
    }

    private static Future<Void> again(Vertx vertx, RedisSettings settings, long since, long forMs) {
        return vertx.timer(AGAIN_MS, TimeUnit.MILLISECONDS)
                .compose(t -> check(vertx, settings))
                .recover(e -> isAway(e) && TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - since) < forMs
                        ? again(vertx, settings, since, forMs)
                        : Future.failedFuture(e));
    }

    private static boolean isAway(Throwable e) {
        if (e.getCause() instanceof ErrorType error) {
            return error.is("LOADING");
        }
        return e instanceof RedisUnavailableException && !(e.getCause() instanceof SSLException);
    }

    /**
     * One line for a person: kind, version, what it does when it is full, how it keeps data. Fails as {@link #check} does.
     *
     * @param keys one key of each partition of the queue
     */
    public static Future<String> describe(Vertx vertx, RedisSettings settings, List<String> keys) {
        return look(vertx, settings, keys).map(seen -> {
            // The same sentence for all masters but for the odd one.
            TreeSet<String> lines = new TreeSet<>();
            seen.infos().values().forEach(info -> lines.add(line(info)));
            String hosts = String.join(", ", seen.infos().keySet());
            String all = String.join("; ", lines);
            return switch (settings.kind()) {
                case SINGLE -> all;
                case SENTINEL -> "master " + hosts + " (" + settings.master() + ", by Sentinel): " + all;
                case CLUSTER ->
                    "cluster of " + seen.spread().masters() + " masters (" + hosts + "): " + all + ", "
                            + partitions(keys.size(), seen.spread());
            };
        });
    }

    private static String partitions(int count, RedisLink.Spread spread) {
        int used = spread.used().size();
        return "queue.partitions " + count + " on " + used + " of them"
                + (used < spread.masters() ? ": raise it to use the others too" : "");
    }

    private record Seen(Map<String, String> infos, RedisLink.Spread spread) {}

    private static Future<Seen> look(Vertx vertx, RedisSettings settings, List<String> keys) {
        return RedisLink.open(vertx, settings, "check")
                .compose(link -> link.sendToAll(Request.cmd(Command.INFO))
                        .compose(infos -> {
                            Map<String, String> texts = new TreeMap<>();
                            for (Map.Entry<String, Response> one : infos.entrySet()) {
                                String info = one.getValue().toString();
                                String wrong = wrong(settings.kind(), info);
                                if (wrong != null) {
                                    return Future.failedFuture(new IllegalStateException(
                                            "Redis at " + settings.urlOf(one.getKey()) + " " + wrong));
                                }
                                texts.put(one.getKey(), info);
                            }
                            return Future.succeededFuture(new Seen(texts, link.spread(keys)));
                        })
                        .eventually(link::close));
    }

    private static String wrong(Kind kind, String info) {
        String mode = first(info, "(?:redis|server)_mode:([a-z]+)", "");
        if (mode.equals("sentinel")) {
            return "is a sentinel. Give it as redis-sentinel://host:port,host:port/master.";
        }
        if (kind != Kind.CLUSTER && mode.equals("cluster")) {
            return "is a node of a cluster. Give it as redis-cluster://host:port,host:port.";
        }
        int version = Integer.parseInt(first(info, "redis_version:([0-9]{1,6})\\.", "0"));
        if (version < FLOOR) {
            return "is too old. Redis 7.0 or newer, or Valkey, is needed.";
        }
        if (info.contains("role:slave")) {
            return "is a replica, which cannot be written to. Its master is "
                    + first(info, "master_host:([^\\r\\n]+)", "?") + ":"
                    + first(info, "master_port:([0-9]+)", "?") + ".";
        }
        String policy = first(info, "maxmemory_policy:([a-z-]+)", "noeviction");
        return policy.equals("noeviction")
                ? null
                : "may forget jobs: its maxmemory-policy is " + policy + ". Set it to noeviction.";
    }

    private static String line(String info) {
        boolean appends = info.contains("aof_enabled:1");
        long most = Long.parseLong(first(info, "maxmemory:([0-9]+)", "0"));
        String valkey = first(info, "valkey_version:([0-9.]+)", "");
        return (valkey.isEmpty()
                        ? "Redis " + first(info, "redis_version:([0-9.]+)", "of unknown version")
                        : "Valkey " + valkey)
                + ", " + first(info, "maxmemory_policy:([a-z-]+)", "no policy told") + ", "
                + (most == 0 ? "no memory limit of its own" : "at most " + (most >> 20) + " MiB")
                + ", "
                + (appends ? "append-only file on" : "append-only file OFF: what it holds may be lost when it stops");
    }

    private static String first(String text, String pattern, String otherwise) {
        Matcher found = Pattern.compile(pattern).matcher(text);
        return found.find() ? found.group(1) : otherwise;
    }
}
