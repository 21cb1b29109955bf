package dev.onpyrunner.job;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.onpyrunner.redis.RedisLink;
import dev.onpyrunner.redis.Script;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Which nodes there are: each says so every now and then, and who has been silent for a while is forgotten. */
public final class Nodes {
    private static final Script NODE = Script.named("node");
    /** A node that has been silent for so long is gone. */
    private static final long TTL_MS = 10_000;
    /** A runtime is remembered for longer: its nodes may be being restarted. */
    private static final long RUNTIME_TTL_MS = 15 * 60_000;

    /** What a node was told to do is forgotten so long after its end. */
    private static final long TOLD_TTL_MS = 24 * 3_600_000;

    private static final String NOBODY = "";

    private final RedisLink redis;
    private final String prefix;

    public Nodes(RedisLink redis, QueueSettings settings) {
        this.redis = redis;
        this.prefix = settings.prefix() + ":{nodes}:";
    }

    /**
     * What a node says of itself.
     *
     * @param slots how many jobs it runs at once, interactive ones not counted; 0 for one that runs none
     * @param interactiveSlots how many interactive jobs it runs besides
     * @param running how many it runs now
     * @param draining whether it takes no more
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Info(
            String name,
            List<String> roles,
            List<String> runtimes,
            String version,
            int slots,
            int interactiveSlots,
            int running,
            boolean draining) {
        public JsonObject toJson() {
            return Codec.toJson(this);
        }
    }

    /** Slots of several nodes together. */
    public record Slots(int plain, int interactive) {
        /** Those of the nodes that take jobs. */
        public static Slots of(List<Info> nodes) {
            List<Info> taking = nodes.stream().filter(n -> !n.draining()).toList();
            return new Slots(
                    taking.stream().mapToInt(Info::slots).sum(),
                    taking.stream().mapToInt(Info::interactiveSlots).sum());
        }
    }

    /** Says what runtimes a node has; all that were announced lately, by name. */
    public Future<List<RuntimeInfo>> announce(List<RuntimeInfo> own) {
        List<Future<List<String>>> said = new ArrayList<>();
        for (RuntimeInfo r : own) {
            said.add(run("runtimes-", r.name(), r.toJson().encode(), RUNTIME_TTL_MS));
        }
        if (own.isEmpty()) {
            said.add(run("runtimes-", NOBODY, "", RUNTIME_TTL_MS));
        }
        return Future.all(said)
                .map(v -> said.get(said.size() - 1).result().stream()
                        .map(text -> Codec.fromText(text, RuntimeInfo.class))
                        .sorted(Comparator.comparing(RuntimeInfo::name))
                        .toList());
    }

    /** Says that a node is there; all nodes that are, it among them, by name. */
    public Future<List<Info>> beat(Info info) {
        return run(info.name(), info.toJson().encode());
    }

    /** Says that a node is no longer there. */
    public Future<Void> leave(String name) {
        return run(name, "").mapEmpty();
    }

    /** All nodes that are there, by name. */
    public Future<List<Info>> all() {
        return run(NOBODY, "");
    }

    /** Tells a node to take no more jobs, or to take them again; it hears it with its next beat. */
    public Future<Void> drain(String name, boolean drains) {
        Request request = drains
                ? Request.cmd(Command.SET).arg(told(name)).arg("1").arg("PX").arg(TOLD_TTL_MS)
                : Request.cmd(Command.DEL).arg(told(name));
        return redis.send(request).mapEmpty();
    }

    /** Whether a node has been told to take no more jobs. */
    public Future<Boolean> isToDrain(String name) {
        return redis.send(Request.cmd(Command.PEXPIRE).arg(told(name)).arg(TOLD_TTL_MS))
                .map(r -> r.toInteger() == 1);
    }

    private String told(String name) {
        return prefix + "drain:" + name;
    }

    private Future<List<Info>> run(String name, String info) {
        return run("", name, info, TTL_MS)
                .map(all -> all.stream()
                        .map(text -> Codec.fromText(text, Info.class))
                        .sorted(Comparator.comparing(Info::name))
                        .toList());
    }

    private Future<List<String>> run(String of, String name, String info, long ttlMs) {
        List<String> keys = List.of(prefix + of + "seen", prefix + of + "info");
        return NODE.run(redis, keys, List.of(prefix, name, info, ttlMs)).map(reply -> {
            List<String> all = new ArrayList<>();
            for (Response r : reply) {
                all.add(r.toString());
            }
            return all;
        });
    }
}
