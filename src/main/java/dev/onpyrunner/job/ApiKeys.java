package dev.onpyrunner.job;

import dev.onpyrunner.redis.RedisLink;
import dev.onpyrunner.redis.Script;
import io.vertx.core.Future;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The keys that clients may show, in one hash in Redis, for all nodes. */
public final class ApiKeys {
    /** So many are read at once. */
    public static final int MOST = 1_000;

    private static final Logger LOG = LoggerFactory.getLogger(ApiKeys.class);
    private static final Script KEY = Script.named("key");

    private final RedisLink redis;
    private final String prefix;
    private final String all;
    /** Which of them were told in the log. */
    private final Set<String> unreadable = ConcurrentHashMap.newKeySet();

    public ApiKeys(RedisLink redis, QueueSettings settings) {
        this.redis = redis;
        this.prefix = settings.prefix() + ":{keys}:";
        this.all = prefix + "all";
    }

    /** All keys by name, those whose time is over among them. What cannot be read is no key, and none of the others' business. */
    public Future<List<ApiKey>> all() {
        return redis.send(Request.cmd(Command.HGETALL).arg(all)).map(reply -> {
            List<ApiKey> keys = new ArrayList<>();
            for (String id : reply.getKeys()) {
                try {
                    keys.add(Codec.fromText(reply.get(id).toString(), ApiKey.class));
                    unreadable.remove(id);
                } catch (IllegalArgumentException e) {
                    if (unreadable.add(id)) {
                        LOG.warn("the API key {} cannot be read, and admits nobody", id);
                    }
                }
            }
            keys.sort(Comparator.comparing(ApiKey::name).thenComparing(ApiKey::id));
            return keys;
        });
    }

    /**
     * Makes a key. Fails with a sentence when the name is taken or there are too many.
     *
     * @param expiresAt in ms since 1970; 0 for never
     */
    public Future<ApiKey.Made> add(String name, long now, long expiresAt, Allowance allowance) {
        ApiKey.Made made = ApiKey.make(name, now, expiresAt, allowance);
        return store(made.key(), "new").map(made);
    }

    /** Says anew what the key of this name or id may. Fails with a sentence when there is none. */
    public Future<ApiKey> allow(String nameOrId, Allowance allowance) {
        return find(nameOrId).compose(key -> {
            ApiKey changed = key.with(allowance);
            return store(changed, "known").map(changed);
        });
    }

    private Future<Void> store(ApiKey key, String which) {
        List<?> args = List.of(prefix, key.id(), key.name(), Codec.toText(key), MOST, which);
        return KEY.run(redis, List.of(all), args).map(reply -> switch (reply.toString()) {
            case "OK" -> null;
            case "TAKEN" ->
                throw new IllegalArgumentException("There is a key '" + key.name() + "' already. Remove it first.");
            case "MANY" ->
                throw new IllegalArgumentException("There are " + MOST + " keys, the most. Remove some first.");
            default -> throw none(key.name());
        });
    }

    private Future<ApiKey> find(String nameOrId) {
        return all().map(keys -> keys.stream()
                .filter(k -> k.id().equals(nameOrId) || k.name().equals(nameOrId))
                .findFirst()
                .orElseThrow(() -> none(nameOrId)));
    }

    private static IllegalArgumentException none(String which) {
        return new IllegalArgumentException("There is no key '" + which + "'.");
    }

    /** Removes the key of this name or id. Fails with a sentence when there is none. */
    public Future<ApiKey> remove(String nameOrId) {
        return find(nameOrId)
                .compose(key -> redis.send(Request.cmd(Command.HDEL).arg(all).arg(key.id()))
                        .map(key));
    }
}
