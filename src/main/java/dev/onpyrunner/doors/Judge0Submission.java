package dev.onpyrunner.doors;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A submission as Judge0's clients send it.
 *
 * @param job as {@code POST /v1/jobs} takes it
 * @param expected null when no output is expected
 */
record Judge0Submission(JsonObject job, int language, Buffer expected) {
    private static final String ENTRY = "main.py";
    private static final Pattern ARGUMENT = Pattern.compile("\"([^\"]*)\"|'([^']*)'|(\\S+)");
    private static final int KIB = 1024;
    private static final int MS = 1000;
    /** What is not done here is refused, rather than passed over. */
    private static final List<String> UNSUPPORTED = List.of("additional_files", "callback_url", "compiler_options");

    private static final List<String> FALSE_ONLY = List.of("enable_network", "redirect_stderr_to_stdout");
    /** What Judge0 calls the fields of a job. */
    private static final Map<String, String> NAMES = Map.of(
            "limits/cpu_ms", "cpu_time_limit",
            "limits/wall_ms", "wall_time_limit",
            "limits/memory_bytes", "memory_limit",
            "limits/processes", "max_processes_and_or_threads",
            "stdin", "stdin",
            "stdin_base64", "stdin");

    /** Reads one; throws {@link Wrong}. */
    static Judge0Submission of(JsonObject body, boolean base64, Judge0Languages languages) {
        Double language = Json.number(body, "language_id");
        if (language == null) {
            throw new Wrong("language_id", "can't be blank");
        }
        if (language != language.intValue() || !languages.has(language.intValue())) {
            throw new Wrong("language_id", "language with id " + language.intValue() + " doesn't exist");
        }
        for (String name : UNSUPPORTED) {
            if (body.getValue(name) != null && !"".equals(body.getValue(name))) {
                throw new Wrong(name, "is not supported by this server");
            }
        }
        for (String name : FALSE_ONLY) {
            if (Boolean.TRUE.equals(body.getValue(name)) || "true".equals(body.getValue(name))) {
                throw new Wrong(name, "is not supported by this server");
            }
        }
        Double runs = Json.number(body, "number_of_runs");
        if (runs != null && runs != 1) {
            throw new Wrong("number_of_runs", "must be 1 on this server");
        }
        Buffer source = bytes(body, "source_code", base64);
        if (source == null) {
            throw new Wrong("source_code", "can't be blank");
        }
        Buffer stdin = bytes(body, "stdin", base64);
        JsonObject limits = new JsonObject();
        limit(body, "cpu_time_limit", MS, limits, "cpu_ms");
        limit(body, "wall_time_limit", MS, limits, "wall_ms");
        limit(body, "memory_limit", KIB, limits, "memory_bytes");
        limit(body, "max_processes_and_or_threads", 1, limits, "processes");
        JsonObject job = new JsonObject()
                .put(
                        "files",
                        new JsonArray().add(new JsonObject().put("path", ENTRY).put("content_base64", encode(source))))
                .put("stdin_base64", encode(stdin == null ? Buffer.buffer() : stdin))
                .put("args", arguments(Json.text(body, "command_line_arguments")))
                .put("limits", limits)
                .put("runtime", languages.runtime(language.intValue()));
        return new Judge0Submission(job, language.intValue(), bytes(body, "expected_output", base64));
    }

    private static Buffer bytes(JsonObject body, String name, boolean base64) {
        String text = Json.text(body, name);
        try {
            return text == null
                    ? null
                    : Buffer.buffer(
                            base64
                                    ? Base64.getMimeDecoder().decode(text)
                                    : text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            throw new Wrong(name, "is not base64");
        }
    }

    private static String encode(Buffer bytes) {
        return Base64.getEncoder().encodeToString(bytes.getBytes());
    }

    private static void limit(JsonObject body, String theirs, int factor, JsonObject limits, String ours) {
        Double value = Json.number(body, theirs);
        if (value != null) {
            limits.put(ours, (long) (value * factor));
        }
    }

    /** As a shell would divide it, without all that else a shell does. */
    private static JsonArray arguments(String line) {
        JsonArray arguments = new JsonArray();
        Matcher each = ARGUMENT.matcher(line == null ? "" : line);
        while (each.find()) {
            arguments.add(
                    each.group(1) != null ? each.group(1) : each.group(2) != null ? each.group(2) : each.group(3));
        }
        return arguments;
    }

    /** What is wrong with which fields, as Judge0 says it. */
    static JsonObject errors(Wrong wrong) {
        JsonObject errors = new JsonObject();
        for (Wrong.Field field : wrong.fields()) {
            String ours = field.name();
            String unit = ours.endsWith("_ms") ? "in milliseconds: " : ours.endsWith("_bytes") ? "in bytes: " : "";
            boolean theirs = wrong.status() == 422 && ours.indexOf('/') < 0 && !NAMES.containsKey(ours);
            String name = theirs
                    ? ours
                    : NAMES.getOrDefault(ours, ours.startsWith("args") ? "command_line_arguments" : "source_code");
            errors.put(name, new JsonArray().add(unit + field.detail()));
        }
        return errors.isEmpty() ? errors.put("error", wrong.getMessage()) : errors;
    }
}
