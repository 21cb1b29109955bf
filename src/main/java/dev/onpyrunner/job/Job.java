package dev.onpyrunner.job;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;

/**
 * A job as Redis has it at one moment, without its request and its output.
 *
 * @param result what became of it; null before the end
 * @param fence number of the latest start
 * @param n of the latest event that the runner wrote
 * @param place where it stands in its queue; null when it does not wait
 * @param createdAt time of acceptance in ms since 1970; the other times likewise, 0 when not yet
 * @param trace which trace the request belonged to, if it said so
 */
public record Job(
        JobId id,
        JobStatus status,
        Result result,
        String runtime,
        Limits limits,
        int starts,
        long fence,
        long n,
        long stdoutBytes,
        long stderrBytes,
        boolean cancelRequested,
        Place place,
        long createdAt,
        long startedAt,
        long finishedAt,
        long expiresAt,
        Optional<TraceContext> trace) {
    private static final DateTimeFormatter RFC3339 =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    /**
     * Where a job stands in its queue.
     *
     * @param position 1 is next; among several partitions it is that in its own
     * @param estimatedStartMs about when it starts, in milliseconds from now; -1 when it cannot be told
     */
    public record Place(long position, long estimatedStartMs) {}

    /** A job that has just been accepted. */
    static Job queued(JobId id, JobSpec spec, long createdAt, Place place, Optional<TraceContext> trace) {
        return new Job(
                id,
                JobStatus.QUEUED,
                null,
                spec.runtime(),
                spec.limits(),
                0,
                0,
                0,
                0,
                0,
                false,
                place,
                createdAt,
                0,
                0,
                0,
                trace);
    }

    /** The job as clients see it, without its output. */
    public JsonObject toJson() {
        JsonObject json = new JsonObject().put("id", id.text()).put("status", status.name());
        Result r = result == null ? new Result(null, null, null, sentence(), List.of(), null, null) : result;
        json.put("outcome", r.outcome() == null ? null : r.outcome().name())
                .put("exit_code", r.exitCode())
                .put("signal", r.signal())
                .put("message", r.message())
                .put("stdout_bytes", stdoutBytes)
                .put("stderr_bytes", stderrBytes)
                .put("limits_hit", new JsonArray(r.limitsHit()))
                .put("usage", r.usage() == null ? null : Codec.toJson(r.usage()))
                .put("runtime", runtime)
                .put("limits", Codec.toJson(limits))
                .put("starts", starts)
                .put("files", list(files()))
                .put("created_at", time(createdAt))
                .put("started_at", time(startedAt))
                .put("finished_at", time(finishedAt))
                .put("expires_at", time(expiresAt));
        if (r.stack() != null) {
            json.put("stack", r.stack());
        }
        if (r.matched() != null) {
            json.put("matched", r.matched());
        }
        if (r.error() != null) {
            json.put("error", Codec.toJson(r.error()));
        }
        if (place != null) {
            Long start = place.estimatedStartMs() < 0 ? null : place.estimatedStartMs();
            json.put("queue", new JsonObject().put("position", place.position()).put("estimated_start_ms", start));
        }
        trace.ifPresent(t -> json.put(TraceContext.HEADER, t.parent()));
        String self = "/v1/jobs/" + id;
        json.put(
                "links",
                new JsonObject()
                        .put("self", self)
                        .put("events", self + "/events")
                        .put("console", self + "/console"));
        return json;
    }

    /** The job as clients see it, with its output so far. */
    public JsonObject toJson(Output output) {
        return toJson().put("stdout", output.stdout().toString())
                .put("stderr", output.stderr().toString());
    }

    /** What it hands back; nothing before its end. */
    public List<CollectedFile> files() {
        return result == null ? List.of() : result.files();
    }

    private JsonArray list(List<CollectedFile> files) {
        JsonArray list = new JsonArray();
        files.forEach(f -> list.add(f.toJson(id)));
        return list;
    }

    private String sentence() {
        if (status == JobStatus.QUEUED) {
            return starts == 0 ? "Waiting to be run." : "Its worker was lost; waiting to be run again.";
        }
        return cancelRequested ? "Being cancelled." : "Running.";
    }

    private static String time(long ms) {
        return ms == 0 ? null : RFC3339.format(Instant.ofEpochMilli(ms));
    }
}
