package dev.onpyrunner.cluster;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.util.Map;
import java.util.Set;

/**
 * One of the operator's verticles, an entry of {@code verticles} in the settings.
 *
 * @param name as Vert.x has it: the factory's prefix and what it knows, such as {@code groovy:hooks/Hello.groovy}
 * @param instances how many of it this node runs
 * @param config what the verticle finds as its configuration; may hold secrets, so it is never shown
 */
public record VerticleSettings(String name, int instances, Map<String, Object> config) {
    private static final Set<String> FIELDS = Set.of("name", "instances", "config");
    private static final int MAX_INSTANCES = 100;

    public VerticleSettings {
        if (name.isBlank()) {
            throw new IllegalArgumentException("name must not be empty");
        }
        if (instances < 1 || instances > MAX_INSTANCES) {
            throw new IllegalArgumentException("instances must be 1 to " + MAX_INSTANCES + ", not " + instances);
        }
    }

    /** As it stands in the settings: all but the name may be left out. */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static VerticleSettings of(Map<String, Object> json) {
        for (String field : json.keySet()) {
            if (!FIELDS.contains(field)) {
                throw new IllegalArgumentException("a verticle has name, instances and config, not '" + field + "'");
            }
        }
        if (!(json.get("name") instanceof String name)
                || !(json.getOrDefault("instances", 1) instanceof Integer instances)
                || !(json.getOrDefault("config", Map.of()) instanceof Map<?, ?> config)) {
            throw new IllegalArgumentException(
                    "a verticle has a name (a text), instances (a whole number) and config (an object)");
        }
        Map<String, Object> fields = new java.util.LinkedHashMap<>();
        config.forEach((key, value) -> fields.put(String.valueOf(key), value));
        return new VerticleSettings(name, instances, fields);
    }

    @Override
    public String toString() {
        return name + (instances == 1 ? "" : " x " + instances);
    }
}
