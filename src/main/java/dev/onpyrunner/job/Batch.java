package dev.onpyrunner.job;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Objects;

/**
 * Jobs that were posted together. Each of them is a job like any other; this only remembers which they are.
 *
 * @param id that of its first job
 * @param entries one for each job of the request, in its order
 */
public record Batch(JobId id, List<Entry> entries) {
    public Batch {
        entries = List.copyOf(entries);
    }

    /**
     * One of them.
     *
     * @param id null when it was refused
     * @param problem why it was refused, as the client was told; else null
     */
    public record Entry(JobId id, JsonObject problem) {
        public Entry {
            if ((id == null) == (problem == null)) {
                throw new IllegalArgumentException("a job has an id, or a problem");
            }
        }

        /** One that was accepted. */
        public static Entry of(JobId id) {
            return new Entry(Objects.requireNonNull(id), null);
        }

        /** One that was not. */
        public static Entry refused(JsonObject problem) {
            return new Entry(null, Objects.requireNonNull(problem));
        }
    }

    String toText() {
        JsonArray list = new JsonArray();
        entries.forEach(e -> list.add(e.id() == null ? e.problem() : e.id().text()));
        return list.encode();
    }

    static Batch fromText(JobId id, String text) {
        return new Batch(
                id,
                new JsonArray(text)
                        .stream()
                                .map(e -> e instanceof String job
                                        ? Entry.of(new JobId(job))
                                        : Entry.refused((JsonObject) e))
                                .toList());
    }
}
