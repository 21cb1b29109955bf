package dev.onpyrunner.job;

import dev.onpyrunner.redis.RedisLink;
import io.vertx.core.Future;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The keys that clients may show, in one hash in Redis, for all nodes. */
public final class ApiKeys {
    /** So many are read at once. */
    public static final int MOST = 1_000;

    private final RedisLink redis;
    private final String all;

    public ApiKeys(RedisLink redis, QueueSettings settings) {
        this.redis = redis;
        this.all = settings.prefix() + ":{keys}:all";
    }

    /** All keys by name, those whose time is over among them. */
    public Future<List<ApiKey>> all() {
        return redis.send(Request.cmd(Command.HVALS).arg(all)).map(reply -> {
            List<ApiKey> keys = new ArrayList<>();
            reply.forEach(r -> keys.add(Codec.fromText(r.toString(), ApiKey.class)));
            keys.sort(Comparator.comparing(ApiKey::name).thenComparing(ApiKey::id));
            return keys;
        });
    }

    /**
     * Makes a key. Fails with a sentence when the name is taken or there are too many.
     *
     * @param expiresAt in ms since 1970; 0 for never
     */
    public Future<ApiKey.Made> add(String name, long now, long expiresAt) {
        return all().compose(keys -> {
            if (keys.stream().anyMatch(k -> k.name().equals(name))) {
                throw new IllegalArgumentException("There is a key '" + name + "' already. Remove it first.");
            }
            if (keys.size() >= MOST) {
                throw new IllegalArgumentException("There are " + MOST + " keys, the most. Remove some first.");
            }
            ApiKey.Made made = ApiKey.make(name, now, expiresAt);
            return redis.send(Request.cmd(Command.HSET)
                            .arg(all)
                            .arg(made.key().id())
                            .arg(Codec.toText(made.key())))
                    .map(made);
        });
    }

    /** Removes the key of this name or id. Fails with a sentence when there is none. */
    public Future<ApiKey> remove(String nameOrId) {
        return all().compose(keys -> {
            ApiKey key = keys.stream()
                    .filter(k -> k.id().equals(nameOrId) || k.name().equals(nameOrId))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("There is no key '" + nameOrId + "'."));
            return redis.send(Request.cmd(Command.HDEL).arg(all).arg(key.id())).map(key);
        });
    }
}
