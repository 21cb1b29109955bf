package dev.onpyrunner.job;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A request to run a program, complete and valid: what {@code POST /v1/jobs} becomes.
 *
 * @param files everything that is placed in the working directory, the program itself among them
 * @param entry the file to run
 * @param stdin the program's input; the whole of it unless it is interactive
 * @param interactive whether its input stays open, for what comes while it runs
 * @param args {@code sys.argv[1:]}
 * @param env extra environment
 * @param runtime name of the interpreter
 * @param collect patterns of the files to hand back, see {@link Globs}
 * @param priority 0 (first) to 7
 * @param retentionS how long the result is kept, in seconds
 * @param maxStarts how often the job may be started if workers are lost
 * @param expect what it should write; empty when that is not looked at
 */
public record JobSpec(
        List<JobFile> files,
        String entry,
        Buffer stdin,
        boolean interactive,
        List<String> args,
        Map<String, String> env,
        String runtime,
        Limits limits,
        List<String> collect,
        int priority,
        long retentionS,
        int maxStarts,
        Optional<Expect> expect) {
    /** The last of the priorities, of which 0 is the most urgent. */
    public static final int LEAST_URGENT = 7;

    /** The priority of who asks for none. */
    public static final int USUAL_PRIORITY = 4;

    private static final String INTERACTIVE = ":interactive";

    public JobSpec {
        files = List.copyOf(files);
        args = List.copyOf(args);
        collect = List.copyOf(collect);
        env = Collections.unmodifiableMap(new LinkedHashMap<>(env));
        Objects.requireNonNull(stdin, "stdin");
        Objects.requireNonNull(runtime, "runtime");
        Objects.requireNonNull(limits, "limits");
        Objects.requireNonNull(expect, "expect");
        if (files.stream().noneMatch(f -> f.path().equals(entry))) {
            throw new IllegalArgumentException("no file is named as the entry");
        }
        if (entry.startsWith("-")) {
            // The interpreter would take it for an option, and an option can keep the bootstrap from running.
            throw new IllegalArgumentException("the entry must not begin with '-'");
        }
        if (priority < 0 || priority > LEAST_URGENT) {
            throw new IllegalArgumentException("priority must be 0 to 7: " + priority);
        }
        if (retentionS < 1 || maxStarts < 1) {
            throw new IllegalArgumentException("retention and starts must be positive");
        }
        Globs.of(collect);
    }

    /** A request that hands back no files and has its whole input. */
    public JobSpec(
            List<JobFile> files,
            String entry,
            Buffer stdin,
            List<String> args,
            Map<String, String> env,
            String runtime,
            Limits limits,
            int priority,
            long retentionS,
            int maxStarts) {
        this(
                files,
                entry,
                stdin,
                false,
                args,
                env,
                runtime,
                limits,
                List.of(),
                priority,
                retentionS,
                maxStarts,
                Optional.empty());
    }

    /** The same request with another limit for its output. */
    public JobSpec withOutputBytes(long bytes) {
        return new JobSpec(
                files,
                entry,
                stdin,
                interactive,
                args,
                env,
                runtime,
                limits.withOutputBytes(bytes),
                collect,
                priority,
                retentionS,
                maxStarts,
                expect);
    }

    /** Where it waits: interactive jobs have slots of their own, since each may hold one for as long as a person thinks. */
    public String queue() {
        return interactive ? interactiveQueue(runtime) : runtime;
    }

    /** The queue of a runtime's interactive jobs; that of the others has the runtime's own name. */
    public static String interactiveQueue(String runtime) {
        return runtime + INTERACTIVE;
    }

    /** The runtime that a queue is for. */
    static String runtimeOf(String queue) {
        return queue.endsWith(INTERACTIVE) ? queue.substring(0, queue.length() - INTERACTIVE.length()) : queue;
    }

    /** As clients see it and as Redis keeps it: text where it is text, else base64. */
    public JsonObject toJson() {
        JsonArray list = new JsonArray();
        for (JobFile f : files) {
            list.add(put(new JsonObject().put("path", f.path()), "content", f.content()));
        }
        JsonObject json = new JsonObject().put("files", list).put("entry", entry);
        put(json, "stdin", stdin);
        JsonObject variables = new JsonObject();
        env.forEach(variables::put);
        expect.ifPresent(e -> json.put("expect", e.toJson()));
        return json.put("args", new JsonArray(args))
                .put("env", variables)
                .put("runtime", runtime)
                .put("limits", Codec.toJson(limits))
                .put("interactive", interactive)
                .put("collect", new JsonArray(collect))
                .put("priority", priority)
                .put("retention_s", retentionS)
                .put("max_starts", maxStarts);
    }

    /** Reads what {@link #toJson()} wrote. */
    public static JobSpec fromJson(JsonObject json) {
        List<JobFile> files = new ArrayList<>();
        for (Object f : json.getJsonArray("files")) {
            JsonObject file = (JsonObject) f;
            files.add(new JobFile(file.getString("path"), get(file, "content")));
        }
        Map<String, String> env = new LinkedHashMap<>();
        json.getJsonObject("env").forEach(e -> env.put(e.getKey(), (String) e.getValue()));
        return new JobSpec(
                files,
                json.getString("entry"),
                get(json, "stdin"),
                json.getBoolean("interactive"),
                texts(json.getJsonArray("args")),
                env,
                json.getString("runtime"),
                Codec.fromJson(json.getJsonObject("limits"), Limits.class),
                texts(json.getJsonArray("collect", new JsonArray())),
                json.getInteger("priority"),
                json.getLong("retention_s"),
                json.getInteger("max_starts"),
                Optional.ofNullable(json.getJsonObject("expect")).map(Expect::fromJson));
    }

    private static List<String> texts(JsonArray list) {
        return list.stream().map(String.class::cast).toList();
    }

    static JsonObject put(JsonObject json, String name, Buffer bytes) {
        String text = bytes.toString();
        return Buffer.buffer(text).equals(bytes)
                ? json.put(name, text)
                : json.put(name + "_base64", Base64.getEncoder().encodeToString(bytes.getBytes()));
    }

    static Buffer get(JsonObject json, String name) {
        return json.containsKey(name)
                ? Buffer.buffer(json.getString(name))
                : Buffer.buffer(Base64.getDecoder().decode(json.getString(name + "_base64")));
    }
}
