package dev.onpyrunner;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.onpyrunner.job.Allowance;
import dev.onpyrunner.job.ApiKey;
import dev.onpyrunner.job.ApiKeys;
import dev.onpyrunner.redis.EmbeddedRedis;
import dev.onpyrunner.redis.RedisLink;
import dev.onpyrunner.redis.RedisSettings;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code keys}: makes, lists and removes the API keys of clients. */
@Command(
        name = "keys",
        description = "Make, change, list and remove the API keys by which clients say who they are.",
        synopsisSubcommandLabel = "(add | set | list | remove)",
        footer = {
            "",
            "They are in Redis, for all nodes; a node sees a change within a second.",
            "With the embedded Redis the node must run. docs/keys.md says more."
        })
final class KeysCommand {
    /** Which Redis has the keys. */
    static final class Where {
        @Option(names = "--redis", paramLabel = "URL", description = "The Redis (default: as in the settings).")
        private String redis;

        @Option(names = "--data", paramLabel = "DIR", description = "The node's data folder, for an embedded Redis.")
        private String data;

        @Option(names = "--config", paramLabel = "FILE", description = "Settings file.")
        private Path config;

        @Option(names = "--json", description = "Print JSON.")
        private boolean json;

        private <T> T ask(Function<ApiKeys, Future<T>> question) throws IOException {
            System.setProperty("ONPY_LOG_LEVEL", "ERROR"); // before the first logger is made
            Map<String, String> flags = new HashMap<>();
            if (redis != null) {
                flags.put("redis.url", redis);
            }
            if (data != null) {
                flags.put("data_dir", data);
            }
            NodeConfig settings = NodeConfig.load(config, System.getenv(), flags);
            RedisSettings found = settings.redis().isEmbedded() ? embedded(settings) : shared(settings);
            Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(false));
            try {
                RedisLink link = Node.await(RedisLink.open(vertx, found, "keys"));
                T answer = Node.await(Future.<Void>succeededFuture()
                        .compose(v -> question.apply(new ApiKeys(link, settings.queue()))));
                Node.await(link.close());
                return answer;
            } finally {
                Node.await(vertx.close());
            }
        }

        private static RedisSettings shared(NodeConfig settings) throws IOException {
            PemFiles.check(settings.redis().tls());
            return settings.redis().settings();
        }

        /** Only of a node that runs: nobody else may be told the password at that port. */
        private static RedisSettings embedded(NodeConfig settings) throws IOException {
            Path folder = settings.dataDir();
            String none = "No node runs from the data folder " + folder + ". Start it, or name another one with --data,"
                    + " or a Redis with --redis.";
            if (DataFolder.holder(folder).isEmpty()) {
                throw new IOException(none);
            }
            return EmbeddedRedis.of(folder.resolve("redis"), settings.redis().timeoutMs())
                    .orElseThrow(() -> new IOException(none));
        }
    }

    /** What a key may. */
    static final class May {
        @Option(
                names = "--per-minute",
                paramLabel = "N",
                description = "Jobs that may be posted in a minute, and as many of them at once.")
        private Integer postsPerMinute;

        @Option(names = "--live", paramLabel = "N", description = "Jobs that may wait and run at a time.")
        private Long live;

        @Option(names = "--queued", paramLabel = "N", description = "Of these, jobs that may wait at a time.")
        private Long queued;

        @Option(names = "--cpu-ms", paramLabel = "N", description = "Most CPU time that a job may ask for.")
        private Long cpuMs;

        @Option(names = "--wall-ms", paramLabel = "N", description = "Most time on the clock that a job may ask for.")
        private Long wallMs;

        @Option(names = "--memory-bytes", paramLabel = "N", description = "Most memory that a job may ask for.")
        private Long memoryBytes;

        @Option(
                names = "--priority",
                paramLabel = "N",
                description = "The most urgent priority that a job may ask for, from 0 (most urgent) to 7.")
        private Integer priority;

        @Option(names = "--retention-s", paramLabel = "N", description = "How long a result may be kept, in seconds.")
        private Long retentionS;

        @Option(
                names = "--runtime",
                paramLabel = "NAME",
                description =
                        "A runtime that jobs may ask for, and no other; may be repeated. The first is the default.")
        private List<String> runtimes;

        private Allowance read() throws IOException {
            try {
                return new Allowance(
                        postsPerMinute, live, queued, cpuMs, wallMs, memoryBytes, priority, retentionS, runtimes);
            } catch (IllegalArgumentException e) {
                throw new IOException(e.getMessage(), e);
            }
        }
    }

    private static ObjectNode json(ApiKey key) {
        ObjectNode one = new ObjectMapper().createObjectNode();
        one.put("id", key.id()).put("name", key.name()).put("created_at", time(key.createdAt()));
        one.put("expires_at", key.expiresAt() == 0 ? null : time(key.expiresAt()));
        return one.set("allowance", new ObjectMapper().valueToTree(key.allowance()));
    }

    private static String time(long ms) {
        return Instant.ofEpochMilli(ms).toString();
    }

    @Command(name = "add", description = "Make a key, and print it: it cannot be shown again.")
    int add(
            @Mixin Where where,
            @Parameters(paramLabel = "NAME", description = "What to call it.") String name,
            @Option(names = "--days", paramLabel = "N", description = "How long it is good (default: for ever).")
                    Integer days,
            @Mixin May may)
            throws IOException {
        Allowance allowance = may.read();
        if (days != null && days < 1) {
            throw new IOException("--days must be at least 1.");
        }
        Instant now = Instant.now();
        long expiresAt = days == null ? 0 : now.plus(days, ChronoUnit.DAYS).toEpochMilli();
        ApiKey.Made made = where.ask(keys -> keys.add(name, now.toEpochMilli(), expiresAt, allowance));
        System.out.println(where.json ? json(made.key()).put("key", made.text()).toPrettyString() : made.text());
        return 0;
    }

    @Command(
            name = "set",
            description = "Say anew what a key may. What is not named is as for everybody.",
            footer = {"", "Without options the key may again what everybody may."})
    int set(
            @Mixin Where where,
            @Parameters(paramLabel = "NAME|ID", description = "Which one.") String which,
            @Mixin May may)
            throws IOException {
        Allowance allowance = may.read();
        ApiKey key = where.ask(keys -> keys.allow(which, allowance));
        System.out.println(where.json ? json(key).toPrettyString() : line(key, System.currentTimeMillis()));
        return 0;
    }

    @Command(name = "list", description = "List the keys, without their secrets.")
    int list(@Mixin Where where) throws IOException {
        List<ApiKey> all = where.ask(ApiKeys::all);
        if (where.json) {
            ArrayNode list = new ObjectMapper().createArrayNode();
            all.forEach(k -> list.add(json(k)));
            System.out.println(list.toPrettyString());
            return 0;
        }
        long now = System.currentTimeMillis();
        all.forEach(k -> System.out.println(line(k, now)));
        return 0;
    }

    private static String line(ApiKey k, long now) {
        String end = k.expiresAt() == 0 ? "" : (k.isOver(now) ? "  over since " : "  until ") + time(k.expiresAt());
        StringBuilder may = new StringBuilder();
        json(k).get("allowance")
                .properties()
                .forEach(e -> may.append("  ")
                        .append(e.getKey())
                        .append('=')
                        .append(
                                e.getValue().isArray()
                                        ? String.join(",", k.allowance().runtimes())
                                        : e.getValue()));
        return k.id() + "  " + k.name() + "  since " + time(k.createdAt()) + end + may;
    }

    @Command(name = "remove", description = "Remove a key. Its jobs stay.")
    int remove(@Mixin Where where, @Parameters(paramLabel = "NAME|ID", description = "Which one.") String which)
            throws IOException {
        ApiKey key = where.ask(keys -> keys.remove(which));
        System.out.println(where.json ? json(key).toPrettyString() : "Removed " + key.id() + ", " + key.name() + ".");
        return 0;
    }
}
