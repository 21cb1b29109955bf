package dev.onpyrunner.redis;

import dev.onpyrunner.redis.RedisSettings.Kind;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.impl.types.ErrorType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Finds out who the masters are: by the settings, from sentinels, or from the nodes of a cluster. */
final class Masters {
    /** One that does not answer must not keep us from the others. */
    private static final long MOST_MS = 1_000;

    private final Vertx vertx;
    private final RedisSettings settings;
    private final long waitMs;

    Masters(Vertx vertx, RedisSettings settings) {
        this.vertx = vertx;
        this.settings = settings;
        this.waitMs = Math.min(MOST_MS, settings.timeoutMs());
    }

    /**
     * Asks who they are.
     *
     * @param connected nodes of a cluster that can be asked without connecting first
     * @param known nodes of a cluster that were masters before
     */
    Future<SlotMap> find(Collection<RedisNode> connected, Set<String> known) {
        return switch (settings.kind()) {
            case SINGLE -> Future.succeededFuture(SlotMap.all(settings.hosts().get(0)));
            case SENTINEL -> askSentinels().map(SlotMap::all);
            case CLUSTER -> askNodes(connected, known);
        };
    }

    /**
     * What most of the sentinels say: one of them may have been away and not know of a failover yet (see "Guidelines for
     * Redis clients with support for Redis Sentinel", which has the role of the found one looked at too).
     */
    private Future<String> askSentinels() {
        List<Future<String>> answers =
                settings.hosts().stream().map(this::askSentinel).toList();
        return Future.join(answers).transform(r -> {
            Map<String, Integer> votes = new HashMap<>();
            boolean heard = false;
            Throwable trouble = null;
            for (Future<String> answer : answers) {
                heard |= answer.succeeded();
                // What one of them has against us tells more than that another one is away.
                trouble = answer.failed() && (trouble == null || answer.cause().getCause() instanceof ErrorType)
                        ? answer.cause()
                        : trouble;
                if (answer.succeeded() && answer.result() != null) {
                    votes.merge(answer.result(), 1, Integer::sum);
                }
            }
            if (votes.isEmpty()) {
                return Future.failedFuture(
                        heard
                                ? new RedisUnavailableException(
                                        "The sentinels do not know a master named '" + settings.master() + "'",
                                        null,
                                        false)
                                : new RedisUnavailableException(
                                        "No sentinel tells where Redis is: " + trouble.getMessage(), trouble, false));
            }
            return Future.succeededFuture(Collections.max(votes.entrySet(), Map.Entry.comparingByValue())
                    .getKey());
        });
    }

    private Future<String> askSentinel(String host) {
        return RedisNode.connect(vertx, settings.withTimeout(waitMs), settings.sentinelLogin(), host, waitMs)
                .compose(sentinel -> sentinel.send(Request.cmd(Command.SENTINEL)
                                .arg("GET-MASTER-ADDR-BY-NAME")
                                .arg(settings.master()))
                        .eventually(sentinel::close))
                .map(r -> r == null
                        ? null
                        : SlotMap.host(r.get(0).toString(), r.get(1).toInteger(), host));
    }

    /** In no fixed order: the first one may be cut off from the others, and not know. */
    private Future<SlotMap> askNodes(Collection<RedisNode> connected, Set<String> known) {
        List<RedisNode> near = new ArrayList<>(connected);
        Collections.shuffle(near);
        Set<String> far = new LinkedHashSet<>(known);
        far.addAll(settings.hosts());
        near.forEach(n -> far.remove(n.host()));
        List<String> others = new ArrayList<>(far);
        Collections.shuffle(others);
        Future<SlotMap> found =
                Future.failedFuture(new RedisUnavailableException("Redis cannot be reached", null, false));
        for (RedisNode node : near) {
            found = found.recover(e -> slots(node));
        }
        for (String host : others) {
            found = found.recover(
                    e -> RedisNode.connect(vertx, settings.withTimeout(waitMs), settings.login(), host, waitMs)
                            .compose(node -> slots(node).eventually(node::close)));
        }
        return found;
    }

    private Future<SlotMap> slots(RedisNode node) {
        return node.send(Request.cmd(Command.CLUSTER).arg("SLOTS"))
                .map(reply -> SlotMap.of(reply, node.host()))
                .recover(e -> Future.failedFuture(
                        e instanceof ErrorType
                                ? new RedisUnavailableException(
                                        "Redis at " + settings.urlOf(node.host()) + " refuses us: " + e.getMessage(),
                                        e,
                                        false)
                                : e))
                .compose(slots -> slots.hosts().isEmpty()
                        ? Future.failedFuture(new RedisUnavailableException(
                                "The cluster has no slots yet: ask for CLUSTER INFO", null, false))
                        : Future.succeededFuture(slots));
    }

    /** Fails when a server that sentinels have named is no master: they may be late, and so may the server. */
    Future<Void> confirm(RedisNode node) {
        if (settings.kind() != Kind.SENTINEL) {
            return Future.succeededFuture();
        }
        return node.send(Request.cmd(Command.INFO).arg("replication"))
                .compose(info -> info.toString().contains("role:master")
                        ? Future.succeededFuture()
                        : Future.failedFuture(new RedisUnavailableException(
                                "Redis at " + settings.urlOf(node.host()) + " is not the master yet", null, false)));
    }
}
