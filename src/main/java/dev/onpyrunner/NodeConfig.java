package dev.onpyrunner;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.onpyrunner.cluster.BridgeSettings;
import dev.onpyrunner.cluster.ClusterSettings;
import dev.onpyrunner.cluster.VerticleSettings;
import dev.onpyrunner.dependencies.DependencySettings;
import dev.onpyrunner.doors.DoorSettings;
import dev.onpyrunner.http.HttpSettings;
import dev.onpyrunner.http.Network;
import dev.onpyrunner.job.Allowance;
import dev.onpyrunner.job.Limits;
import dev.onpyrunner.job.QueueSettings;
import dev.onpyrunner.job.RuntimeCatalog;
import dev.onpyrunner.redis.EmbeddedRedis;
import dev.onpyrunner.redis.RedisSettings;
import dev.onpyrunner.runner.Interpreter;
import dev.onpyrunner.runner.RunnerSettings;
import dev.onpyrunner.webhook.WebhookSettings;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A node's settings, one record for each section of {@code conf/onpyrunner.json}, which has every default and says what
 * each setting means.
 *
 * <p>A flag goes before an environment variable, that before the file, that before the defaults.
 */
public record NodeConfig(
        Set<Role> roles,
        Path dataDir,
        Log log,
        Path audit,
        Http http,
        Redis redis,
        ClusterSettings cluster,
        Path pluginsDir,
        List<VerticleSettings> verticles,
        WebhookSettings webhook,
        BridgeSettings bridge,
        DoorSettings doors,
        QueueSettings queue,
        Runner runner,
        DependencySettings dependencies,
        LimitPair limits,
        Jobs jobs,
        Caps caps) {

    /** What a node does. */
    public enum Role {
        HTTP,
        RUNNER
    }

    /** How log lines look. */
    public enum Log {
        TEXT,
        JSON
    }

    private static final int MIN_TOKEN = 16;

    /** Section {@code http}. */
    public record Http(
            String host,
            int port,
            Tls tls,
            int maxWaitS,
            int maxWaiting,
            List<String> trustedProxies,
            List<String> allowedOrigins,
            boolean sockjs,
            boolean mcp,
            String operatorToken,
            boolean anonymous) {
        private static final Pattern ORIGIN = Pattern.compile("https?://[a-z0-9.:\\[\\]-]+");

        public Http {
            trustedProxies = trustedProxies.stream().filter(p -> !p.isEmpty()).toList();
            allowedOrigins = allowedOrigins.stream().filter(o -> !o.isEmpty()).toList();
            for (String origin : allowedOrigins) {
                if (!ORIGIN.matcher(origin).matches()) {
                    throw new IllegalArgumentException(
                            "allowed_origins must be like https://example.org, in small letters"
                                    + " and without a path, not " + origin);
                }
            }
            networks(trustedProxies);
            if (port < 0 || port > 65_535) {
                throw new IllegalArgumentException("port must be 0 to 65535, not " + port);
            }
            if (!operatorToken.isEmpty() && operatorToken.length() < MIN_TOKEN) {
                throw new IllegalArgumentException(
                        "operator_token must be at least " + MIN_TOKEN + " characters long, or empty for none");
            }
        }

        private static List<Network> networks(List<String> texts) {
            return texts.stream().map(Network::new).toList();
        }

        /** PEM files; both empty: no TLS. */
        public record Tls(String certificate, String key) {
            public Tls {
                if (certificate.isEmpty() != key.isEmpty()) {
                    throw new IllegalArgumentException("certificate and key must be given together");
                }
            }

            boolean isOn() {
                return !certificate.isEmpty();
            }
        }

        @Override
        public String toString() {
            return "Http[host=" + host + ", port=" + port + ", operatorToken="
                    + (operatorToken.isEmpty() ? "none" : "***") + "]";
        }
    }

    /** Section {@code redis}. */
    public record Redis(
            String url,
            long timeoutMs,
            RedisSettings.Tls tls,
            String server,
            long maxmemoryBytes,
            EmbeddedRedis.Fsync fsync) {
        static final String EMBEDDED = "embedded";

        public Redis {
            if (!url.equals(EMBEDDED) && !url.matches("(rediss?(-sentinel|-cluster)?|unix)://.+")) {
                throw new IllegalArgumentException(
                        "url must be 'embedded' or begin with redis://, unix://, redis-sentinel:// or"
                                + " redis-cluster://, or the same with rediss for TLS");
            }
            if (timeoutMs < 1 || maxmemoryBytes < 1) {
                throw new IllegalArgumentException("timeout_ms and maxmemory_bytes must be positive");
            }
            if (!url.equals(EMBEDDED)) {
                RedisSettings.of(url, timeoutMs);
                if (!tls.equals(RedisSettings.Tls.NONE) && !url.startsWith("rediss")) {
                    throw new IllegalArgumentException("tls is for a url that begins with rediss");
                }
            }
        }

        boolean isEmbedded() {
            return url.equals(EMBEDDED);
        }

        /** How to reach a Redis that is not embedded. */
        RedisSettings settings() {
            return RedisSettings.of(url, timeoutMs, tls);
        }

        private String shownUrl() {
            return isEmbedded() ? url : settings().url();
        }

        @Override
        public String toString() {
            return "Redis[url=" + shownUrl() + ", timeoutMs=" + timeoutMs + ", server=" + server + ", maxmemoryBytes="
                    + maxmemoryBytes + ", fsync=" + fsync + "]";
        }
    }

    /** Section {@code runner}. */
    public record Runner(
            int slots,
            int interactiveSlots,
            Path python,
            Path runtimesDir,
            List<String> runtimes,
            Isolation isolation,
            Zygote zygote,
            Path nsjail,
            Path jailDir,
            int uidBase,
            long beatMs,
            long drainMs) {
        private static final int INTERACTIVE_FOR_EACH = 4;

        /** How a jail gets its interpreter. */
        public enum Isolation {
            AUTO,
            FRESH,
            ENTERED
        }

        /** Section {@code runner.zygote}. */
        public record Zygote(int maxCopies, long maxAgeMs) {
            public Zygote {
                if (maxCopies < 1 || maxAgeMs < 1) {
                    throw new IllegalArgumentException("max_copies and max_age_ms must be at least 1");
                }
            }
        }

        public Runner {
            runtimes = runtimes.stream().filter(r -> !r.isEmpty()).toList();
            if (slots < 0 || slots > 1000) {
                throw new IllegalArgumentException("slots must be 0 to 1000, not " + slots);
            }
            if (interactiveSlots < -1 || interactiveSlots > 1000) {
                throw new IllegalArgumentException("interactive_slots must be -1 to 1000, not " + interactiveSlots);
            }
        }

        /** Whether programs begin with copies of a warm interpreter, when it has modules loaded or not. */
        boolean entered(boolean preloaded) {
            return isolation == Isolation.ENTERED || (isolation == Isolation.AUTO && preloaded);
        }

        int slotsOrCores() {
            return slots == 0 ? Runtime.getRuntime().availableProcessors() : slots;
        }

        int interactiveSlotsOrDefault() {
            return interactiveSlots < 0
                    ? Math.max(0, Math.min(INTERACTIVE_FOR_EACH * slotsOrCores(), 2_000 - 2 * slotsOrCores()))
                    : interactiveSlots;
        }
    }

    /** Section {@code limits}. */
    public record LimitPair(
            @com.fasterxml.jackson.annotation.JsonProperty("default")
            Limits standard,

            Limits maximum) {}

    /** Section {@code jobs}. */
    public record Jobs(String runtime, long retentionS, long maxRetentionS, int starts, int maxStarts) {}

    /** Section {@code caps}. */
    public record Caps(long bodyBytes, long programBytes, long stdinBytes, int files, int items, int itemBytes) {
        HttpSettings.Caps settings() {
            return new HttpSettings.Caps(bodyBytes, programBytes, stdinBytes, files, items, itemBytes);
        }
    }

    public NodeConfig {
        roles = Set.copyOf(roles);
        if (roles.isEmpty()) {
            throw new IllegalArgumentException("roles must name http, runner or both");
        }
        if (queue.leaseMs() < 3 * runner.beatMs()) {
            throw new IllegalArgumentException("queue.lease_ms must be at least three times runner.beat_ms");
        }
    }

    /** A setting that makes no sense, with a sentence that names it. */
    public static final class ConfigException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        public ConfigException(String message) {
            super(message);
        }
    }

    private static final String ENV = "ONPY_";
    private static final String FILE = "ONPY_CONFIG";
    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_JAVA_COMMENTS)
            .enable(com.fasterxml.jackson.databind.MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(com.fasterxml.jackson.databind.MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .build();

    /**
     * Puts the settings together.
     *
     * @param file settings that differ from the defaults; null for the file that {@code ONPY_CONFIG} names, or none
     * @param environment variables; those that begin with {@code ONPY_} and name a setting count
     * @param flags settings by path, such as {@code http.port}
     * @throws ConfigException when something is wrong with them
     */
    public static NodeConfig load(Path file, Map<String, String> environment, Map<String, String> flags) {
        ObjectNode settings = defaults();
        ObjectNode shape = settings.deepCopy();
        Path chosen = file == null && environment.get(FILE) != null ? Path.of(environment.get(FILE)) : file;
        if (chosen != null) {
            merge(settings, read(chosen), "", chosen);
        }
        override(settings, shape, "", environment);
        flags.forEach((path, value) -> set(settings, path, value, "The setting " + path));
        try {
            return MAPPER.treeToValue(settings, NodeConfig.class);
        } catch (JsonMappingException e) {
            String where = path(e).isEmpty() ? "The settings are wrong: " : "The setting '" + path(e) + "' is wrong: ";
            throw new ConfigException(where + reason(e));
        } catch (JsonProcessingException e) {
            throw new ConfigException("The settings are wrong: " + e.getOriginalMessage());
        }
    }

    private static ObjectNode defaults() {
        try (InputStream in = NodeConfig.class.getResourceAsStream("/conf/onpyrunner.json")) {
            return (ObjectNode) MAPPER.readTree(in);
        } catch (IOException e) {
            throw new IllegalStateException("the packaged conf/onpyrunner.json cannot be read", e);
        }
    }

    private static ObjectNode read(Path file) {
        try {
            JsonNode read = MAPPER.readTree(Files.readAllBytes(file));
            if (!(read instanceof ObjectNode object)) {
                throw new ConfigException(file + " must hold one JSON object.");
            }
            return object;
        } catch (JsonProcessingException e) {
            throw new ConfigException(file + " is not JSON: " + e.getOriginalMessage() + " (line "
                    + e.getLocation().getLineNr() + ")");
        } catch (IOException e) {
            String why = e instanceof NoSuchFileException ? "it does not exist" : e.getMessage();
            throw new ConfigException(file + " cannot be read: " + why + ".");
        }
    }

    private static void merge(ObjectNode into, ObjectNode from, String at, Path file) {
        for (Map.Entry<String, JsonNode> e : from.properties()) {
            String path = at + e.getKey();
            JsonNode present = into.get(e.getKey());
            if (present == null) {
                throw new ConfigException("There is no setting '" + path + "' (in " + file + ").");
            }
            if (e.getValue().isNull()) {
                throw new ConfigException("The setting '" + path + "' must not be null (in " + file + ").");
            }
            if (present instanceof ObjectNode inner) {
                if (!(e.getValue() instanceof ObjectNode object)) {
                    throw new ConfigException("The setting '" + path + "' must be an object (in " + file + ").");
                }
                merge(inner, object, path + ".", file);
            } else {
                into.set(e.getKey(), e.getValue());
            }
        }
    }

    private static void override(ObjectNode settings, JsonNode shape, String at, Map<String, String> environment) {
        for (Map.Entry<String, JsonNode> e : shape.properties()) {
            String path = at + e.getKey();
            String name = ENV + path.replace('.', '_').toUpperCase(Locale.ROOT);
            if (e.getValue().isObject()) {
                override(settings, e.getValue(), path + ".", environment);
            } else if (environment.get(name) != null) {
                set(settings, path, environment.get(name), name);
            }
        }
    }

    private static void set(ObjectNode settings, String path, String value, String from) {
        String[] steps = path.split("\\.", -1);
        ObjectNode parent = settings;
        for (int i = 0; i < steps.length - 1; i++) {
            parent = (ObjectNode) parent.get(steps[i]);
        }
        String last = steps[steps.length - 1];
        JsonNode present = parent.get(last);
        if (present.isNumber()) {
            if (!value.matches("-?[0-9]{1,18}")) {
                throw new ConfigException(from + " must be a whole number, not '" + value + "'.");
            }
            parent.put(last, Long.parseLong(value));
        } else if (present.isBoolean()) {
            if (!value.equals("true") && !value.equals("false")) {
                throw new ConfigException(from + " must be true or false, not '" + value + "'.");
            }
            parent.put(last, value.equals("true"));
        } else if (present.isArray()) {
            var list = parent.putArray(last);
            for (String item : value.split(",", -1)) {
                list.add(item.trim());
            }
        } else {
            parent.set(last, new TextNode(value));
        }
    }

    private static String path(JsonMappingException e) {
        StringBuilder path = new StringBuilder();
        for (JsonMappingException.Reference step : e.getPath()) {
            if (step.getFieldName() != null) {
                path.append(path.isEmpty() ? "" : ".").append(step.getFieldName());
            }
        }
        return path.toString();
    }

    private static String reason(JsonMappingException e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof com.fasterxml.jackson.databind.exc.InvalidFormatException format
                && format.getTargetType().isEnum()) {
            return "it must be one of "
                    + java.util.Arrays.toString(format.getTargetType().getEnumConstants())
                            .toLowerCase(Locale.ROOT) + ", not '" + format.getValue() + "'";
        }
        if (cause instanceof com.fasterxml.jackson.databind.exc.MismatchedInputException mismatch
                && mismatch.getTargetType() != null
                && java.util.Collection.class.isAssignableFrom(mismatch.getTargetType())) {
            return "it must be a list";
        }
        return cause instanceof JsonProcessingException json ? json.getOriginalMessage() : cause.getMessage();
    }

    HttpSettings httpSettings(RuntimeCatalog runtimes) {
        return new HttpSettings(
                http.host(),
                http.port(),
                http.maxWaitS(),
                http.maxWaiting(),
                Http.networks(http.trustedProxies()),
                http.operatorToken(),
                http.allowedOrigins(),
                http.anonymous(),
                caps.settings(),
                runtimes,
                Allowance.USUAL,
                limits.standard(),
                limits.maximum(),
                jobs.retentionS(),
                jobs.maxRetentionS(),
                jobs.starts(),
                jobs.maxStarts());
    }

    /** How this node runs jobs, with these. */
    RunnerSettings runnerSettings(List<Interpreter> interpreters) {
        return new RunnerSettings(
                runner.slotsOrCores(),
                runner.interactiveSlotsOrDefault(),
                interpreters,
                runner.python(),
                runner.nsjail(),
                runner.jailDir(),
                runner.uidBase(),
                runner.beatMs(),
                runner.drainMs(),
                dependencies.enabled()
                        ? Optional.of(
                                dependencies.folder().toString().isEmpty()
                                        ? dependencies.in(dataDir.resolve("dependencies"))
                                        : dependencies)
                        : Optional.empty());
    }

    /** The settings in short, without secrets. */
    String summary() {
        String slots = roles.contains(Role.RUNNER) ? ", slots " + runner.slotsOrCores() : "";
        return "roles " + roles + ", redis " + redis.shownUrl() + slots + ", data in " + dataDir;
    }
}
