package dev.onpyrunner.doors;

import dev.onpyrunner.job.RuntimeCatalog;
import dev.onpyrunner.job.RuntimeInfo;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Judge0's numbers for Python 3: of Judge0 CE 1.13 (71) and 1.14. Each is run by the runtime of its version, if there is one. */
final class Judge0Languages {
    private static final Map<Integer, String> VERSIONS =
            new TreeMap<>(Map.of(71, "3.8.", 92, "3.11.", 100, "3.12.", 109, "3.13.", 113, "3.14."));

    private final RuntimeCatalog runtimes;

    Judge0Languages(RuntimeCatalog runtimes) {
        this.runtimes = runtimes;
    }

    boolean has(int id) {
        return VERSIONS.containsKey(id);
    }

    /** The name of the runtime that runs a language. */
    String runtime(int id) {
        return find(id).map(RuntimeInfo::name).orElse(runtimes.standard());
    }

    private Optional<RuntimeInfo> find(int id) {
        Optional<RuntimeInfo> standard = runtimes.all().stream()
                .filter(r -> r.name().equals(runtimes.standard()))
                .findFirst();
        String version = VERSIONS.get(id);
        if (standard.isPresent() && standard.get().version().startsWith(version)) {
            return standard;
        }
        return runtimes.all().stream()
                .filter(r -> r.implementation().equals("CPython") && r.version().startsWith(version))
                .findFirst()
                .or(() -> standard);
    }

    JsonObject toJson(int id) {
        String version = find(id).map(RuntimeInfo::version).orElse("3");
        return new JsonObject().put("id", id).put("name", "Python (" + version + ")");
    }

    JsonArray toJson() {
        JsonArray list = new JsonArray();
        VERSIONS.keySet().forEach(id -> list.add(toJson(id)));
        return list;
    }
}
