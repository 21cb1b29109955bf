package dev.onpyrunner.redis;

import dev.onpyrunner.redis.RedisSettings.Kind;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.impl.CommandImpl;
import io.vertx.redis.client.impl.RequestImpl;
import io.vertx.redis.client.impl.ZModem;
import io.vertx.redis.client.impl.types.ErrorType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One pipelined connection to Redis that comes back by itself, to wherever the master is then. Over Redis Cluster it is
 * one such connection for each master, and a command goes to the one that has its keys.
 *
 * <p>Invariants: at most one connection to a server is open at a time; while none is to the one that a command is for, the
 * command fails at once with {@link RedisUnavailableException} instead of waiting; a command that is not answered in time
 * closes its connection, because replies come first in, first out, so that every later reply would be late too; a
 * command is sent again only when Redis said that it was not carried out. Use one link for each context (verticle): its
 * callbacks run there.
 *
 * <p>The client's own connections to sentinels and clusters are not used: a connection that is lost stays so, ASKING and
 * its command can be parted by another command, and a cluster of which a replica is down cannot be reached at all.
 */
public final class RedisLink {
    private static final Logger LOG = LoggerFactory.getLogger(RedisLink.class);
    private static final long FIRST_DELAY_MS = 50;
    private static final long MAX_DELAY_MS = 2_000;
    /** How often a command follows its keys; more would be two nodes that point at each other. */
    private static final int MAX_MOVES = 5;
    /** Said by a server that is not, or not now, the one to talk to. */
    private static final Set<String> GO_AWAY = Set.of("READONLY", "LOADING", "MASTERDOWN", "UNBLOCKED");
    /** Said by the right server, or by one that does not know better: it may be another one in a moment. */
    private static final Set<String> NOT_NOW =
            Set.of("CLUSTERDOWN", "TRYAGAIN", "ASK", "MOVED", "NOREPLICAS", "MISCONF", "BUSY");
    /** What a script meets at its first look at a slot that is just being moved (see {@code common.lua}). */
    private static final String BEING_MOVED = "access a non local key in a cluster node";

    private final Vertx vertx;
    private final RedisSettings settings;
    private final Masters masters;
    private final String name;
    private final long blockMs;
    /** The slot that a blocking reader is for; -1 for all. */
    private final int only;

    private final Map<String, RedisNode> nodes = new ConcurrentHashMap<>();
    private final Map<String, Future<RedisNode>> connecting = new HashMap<>();
    private volatile SlotMap slots = SlotMap.NOTHING;
    private volatile boolean closed;
    private boolean seeking;
    private long delayMs = FIRST_DELAY_MS;
    private long soughtNanos = System.nanoTime();

    private RedisLink(Vertx vertx, RedisSettings settings, String name, long blockMs, int only) {
        this.vertx = vertx;
        this.settings = settings;
        this.masters = new Masters(vertx, settings);
        this.name = name;
        this.blockMs = blockMs;
        this.only = only;
    }

    /**
     * Opens a link for ordinary commands.
     *
     * @param name what it is for, as it appears in the log
     * @return the link, or a failure when Redis cannot be reached now
     */
    public static Future<RedisLink> open(Vertx vertx, RedisSettings settings, String name) {
        return open(new RedisLink(vertx, settings, name, 0, -1));
    }

    /**
     * Opens a link for a reader that blocks in Redis (BLPOP and its like), which nothing else may use.
     *
     * @param blockMs how long its commands block in Redis, in milliseconds; added to the time-out
     * @param key one of the keys it waits at; all of them have this one's hash tag
     */
    public static Future<RedisLink> openBlocking(
            Vertx vertx, RedisSettings settings, String name, long blockMs, String key) {
        return open(new RedisLink(vertx, settings, name, blockMs, ZModem.generate(key)));
    }

    private static Future<RedisLink> open(RedisLink link) {
        return link.find().map(link).recover(e -> link.close().transform(r -> Future.failedFuture(e)));
    }

    /** Finds the masters, and connects to those that it is not connected to. */
    private Future<Void> find() {
        return masters.find(blockMs == 0 ? nodes.values() : List.of(), slots.hosts())
                .compose(found -> {
                    slots = found;
                    Set<String> wanted = wanted();
                    List.copyOf(nodes.values()).stream()
                            .filter(n -> !wanted.contains(n.host()))
                            .forEach(n -> n.end(new IllegalStateException("no master any more")));
                    List<Future<RedisNode>> all =
                            wanted.stream().map(this::node).toList();
                    return Future.join(all).mapEmpty();
                });
    }

    private Set<String> wanted() {
        if (only < 0) {
            return slots.hosts();
        }
        String host = slots.hostOf(only);
        return host == null ? Set.of() : Set.of(host);
    }

    /** The connection to a server: the one that is open, or a new one. */
    private Future<RedisNode> node(String host) {
        Future<RedisNode> opening;
        synchronized (this) {
            RedisNode open = nodes.get(host);
            if (open != null) {
                return Future.succeededFuture(open);
            }
            if (connecting.containsKey(host)) {
                return connecting.get(host);
            }
            opening = RedisNode.connect(vertx, settings, settings.login(), host, settings.timeoutMs() + blockMs)
                    .compose(n -> prepared(n).<RedisNode>map(n).onFailure(e -> n.close()))
                    .onSuccess(this::opened);
            connecting.put(host, opening);
        }
        return opening.onComplete(r -> {
            synchronized (this) {
                connecting.remove(host, opening);
            }
        });
    }

    private Future<?> prepared(RedisNode node) {
        return settings.database() == 0
                ? masters.confirm(node)
                : node.send(Request.cmd(Command.SELECT).arg(settings.database()))
                        .compose(r -> masters.confirm(node));
    }

    private void opened(RedisNode node) {
        synchronized (this) {
            if (closed) {
                node.close();
                return;
            }
            nodes.put(node.host(), node);
        }
        node.onEnd(this::lost);
    }

    private void lost(RedisNode node, Throwable cause) {
        if (!nodes.remove(node.host(), node) || closed) {
            return;
        }
        String why = cause == null ? "closed by Redis" : cause.getMessage();
        LOG.warn("redis link {} to {} lost: {}", name, node.host(), why);
        seekSoon();
    }

    /** Looks for the masters again, after a delay that grows while that is done again and again. */
    private void seekSoon() {
        long wait;
        synchronized (this) {
            if (closed || seeking) {
                return;
            }
            seeking = true;
            if (System.nanoTime() - soughtNanos > MAX_DELAY_MS * 1_000_000) {
                delayMs = FIRST_DELAY_MS;
            }
            wait = delayMs / 2 + ThreadLocalRandom.current().nextLong(delayMs / 2 + 1);
            delayMs = Math.min(MAX_DELAY_MS, delayMs * 2);
        }
        vertx.setTimer(wait, t -> {
            Set<RedisNode> before = Set.copyOf(nodes.values());
            find().onComplete(r -> {
                synchronized (this) {
                    seeking = false;
                    soughtNanos = System.nanoTime();
                }
                if (r.failed() || !nodes.keySet().containsAll(wanted())) {
                    LOG.debug("redis link {}: {}", name, r.failed() ? r.cause().getMessage() : "not all are back");
                    seekSoon();
                } else if (!before.containsAll(nodes.values())) {
                    LOG.info("redis link {} is back: {}", name, nodes.keySet());
                }
            });
        });
    }

    /** Whether a connection is open now. */
    public boolean isUp() {
        return !nodes.isEmpty();
    }

    /**
     * How long the present connection to the master that has a key has been open, in milliseconds; 0 when there is none.
     */
    public long upMs(String key) {
        RedisNode node = open(settings.kind() == Kind.CLUSTER ? ZModem.generate(key) : 0);
        return node == null ? 0 : node.upMs();
    }

    private RedisNode open(int slot) {
        String host = slots.hostOf(slot);
        return host == null ? null : nodes.get(host);
    }

    /** How many masters there are, and which of them have these keys. */
    record Spread(int masters, Set<String> used) {}

    Spread spread(List<String> keys) {
        return new Spread(
                slots.hosts().size(),
                keys.stream().map(k -> slots.hostOf(ZModem.generate(k))).collect(Collectors.toSet()));
    }

    /**
     * Sends one command; over a cluster, to the master that has its keys.
     *
     * @return the reply; fails with {@link RedisUnavailableException} when there is no connection or no answer in time, or
     *     when Redis takes no commands now, and with {@link ErrorType} when it refuses this one
     */
    public Future<Response> send(Request request) {
        int slot = slot(request);
        RedisNode node = open(slot);
        if (node == null) {
            seekSoon();
            return Future.failedFuture(new RedisUnavailableException("Redis cannot be reached", null, false));
        }
        return node.send(request).recover(e -> refused(request, slot, node, e, MAX_MOVES));
    }

    /** Sends one command to each master; the replies by {@code host:port}. */
    Future<Map<String, Response>> sendToAll(Request request) {
        Map<String, Response> replies = new ConcurrentHashMap<>();
        List<Future<Response>> all = new ArrayList<>();
        nodes.forEach((host, node) -> all.add(node.send(request).onSuccess(r -> replies.put(host, r))));
        return Future.all(all).map(replies);
    }

    private int slot(Request request) {
        if (settings.kind() != Kind.CLUSTER) {
            return 0;
        }
        List<byte[]> keys = ((RequestImpl) request).keys();
        return keys.isEmpty() ? 0 : ZModem.generate(keys.get(0));
    }

    /** A command was not answered as wished: sends it where its keys are, or says what that means. */
    private Future<Response> refused(Request request, int slot, RedisNode node, Throwable e, int moves) {
        if (!(e instanceof ErrorType error)) {
            return Future.failedFuture(e);
        }
        String code = code(error);
        if (moves > 0 && code.equals("MOVED")) {
            String host = place(error, node);
            slots = slots.with(slot, host);
            seekSoon();
            return node(host)
                    .compose(n -> n.send(request).recover(again -> refused(request, slot, n, again, moves - 1)));
        }
        if (moves > 0 && code.equals("ASK") && onlyReads(request)) {
            return node(place(error, node)).compose(n -> {
                // Nothing may come between the two.
                n.send(Request.cmd(Command.ASKING));
                return n.send(request).recover(again -> refused(request, slot, n, again, moves - 1));
            });
        }
        if (GO_AWAY.contains(code)) {
            node.end(error);
            return Future.failedFuture(notNow(error));
        }
        if (NOT_NOW.contains(code) || error.getMessage().contains(BEING_MOVED)) {
            seekSoon();
            return Future.failedFuture(notNow(error));
        }
        return Future.failedFuture(e);
    }

    private static RedisUnavailableException notNow(ErrorType error) {
        return new RedisUnavailableException("Redis takes no commands now: " + error.getMessage(), error, false);
    }

    private static String code(ErrorType error) {
        String message = error.getMessage();
        int space = message.indexOf(' ');
        return space < 0 ? message : message.substring(0, space);
    }

    /** Where a redirection points to: {@code MOVED slot host:port}. */
    private static String place(ErrorType error, RedisNode from) {
        String place = error.slice(' ', 2);
        int colon = place.lastIndexOf(':');
        return SlotMap.host(place.substring(0, colon), Integer.parseInt(place.substring(colon + 1)), from.host());
    }

    /**
     * Only these may follow a key that has been moved while others of its slot have not: a script would find half of what
     * it needs, and a write could make a key anew that is still to come.
     */
    private static boolean onlyReads(Request request) {
        RequestImpl r = (RequestImpl) request;
        return ((CommandImpl) r.command()).isReadOnly(r.getArgs());
    }

    /** Closes the connection for good. Commands in flight fail. */
    public Future<Void> close() {
        List<RedisNode> open;
        synchronized (this) {
            closed = true;
            open = List.copyOf(nodes.values());
            nodes.clear();
        }
        return Future.join(open.stream().map(RedisNode::close).toList()).mapEmpty();
    }
}
