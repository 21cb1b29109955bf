package dev.onpyrunner.job;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.onpyrunner.redis.RedisLink;
import dev.onpyrunner.redis.Script;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Which nodes there are: each says so every now and then, and who has been silent for a while is forgotten. */
public final class Nodes {
    private static final Script NODE = Script.named("node");
    /** A node that has been silent for so long is gone. */
    private static final long TTL_MS = 10_000;

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
        return run("", "");
    }

    private Future<List<Info>> run(String name, String info) {
        return NODE.run(redis, List.of(prefix + "seen", prefix + "info"), List.of(prefix, name, info, TTL_MS))
                .map(reply -> {
                    List<Info> nodes = new ArrayList<>();
                    for (Response r : reply) {
                        nodes.add(Codec.fromText(r.toString(), Info.class));
                    }
                    nodes.sort(Comparator.comparing(Info::name));
                    return nodes;
                });
    }
}
