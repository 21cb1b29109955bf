package dev.onpyrunner.job;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What clients are told of a Python that runs programs.
 *
 * @param name what a job's {@code runtime} says
 * @param description one sentence for a person; may be empty
 * @param implementation such as {@code CPython}
 * @param version such as {@code 3.11.2}
 * @param warm whether a program begins with a copy of an interpreter that is up
 * @param preloaded modules that this interpreter has loaded
 * @param packages versions of packages beside the standard library, by name
 * @param modules what can be imported of them
 * @param collect patterns of files that every job hands back
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record RuntimeInfo(
        String name,
        String description,
        String implementation,
        String version,
        boolean warm,
        List<String> preloaded,
        Map<String, String> packages,
        List<String> modules,
        List<String> collect) {
    public RuntimeInfo {
        Objects.requireNonNull(name, "name");
        preloaded = List.copyOf(preloaded);
        modules = List.copyOf(modules);
        collect = List.copyOf(collect);
    }

    public JsonObject toJson() {
        return Codec.toJson(this);
    }
}
