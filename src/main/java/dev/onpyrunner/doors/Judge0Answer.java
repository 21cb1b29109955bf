package dev.onpyrunner.doors;

import dev.onpyrunner.job.Job;
import dev.onpyrunner.job.JobSpec;
import dev.onpyrunner.job.JobStore.Whole;
import dev.onpyrunner.job.Result;
import dev.onpyrunner.job.Usage;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/**
 * A submission as Judge0's clients read it.
 *
 * @param whole the job
 * @param spec its request; null when nothing of it is asked for
 * @param fields which attributes to tell
 * @param base64 whether texts are encoded
 */
record Judge0Answer(
        Judge0Token token, Whole whole, JobSpec spec, List<String> fields, boolean base64, Judge0Languages languages) {
    static final List<String> DEFAULT =
            List.of("stdout", "time", "memory", "stderr", "token", "compile_output", "message", "status");
    /** What comes from the request. */
    static final List<String> ASKED = List.of("source_code", "stdin", "command_line_arguments");

    private static final List<String> KNOWN = List.of(
            "source_code",
            "language_id",
            "stdin",
            "expected_output",
            "stdout",
            "status_id",
            "created_at",
            "finished_at",
            "time",
            "memory",
            "stderr",
            "token",
            "number_of_runs",
            "cpu_time_limit",
            "cpu_extra_time",
            "wall_time_limit",
            "memory_limit",
            "stack_limit",
            "max_processes_and_or_threads",
            "enable_per_process_and_thread_time_limit",
            "enable_per_process_and_thread_memory_limit",
            "max_file_size",
            "compile_output",
            "exit_code",
            "exit_signal",
            "message",
            "wall_time",
            "compiler_options",
            "command_line_arguments",
            "redirect_stderr_to_stdout",
            "callback_url",
            "additional_files",
            "enable_network",
            "status",
            "language");
    private static final List<String> STATUSES = List.of(
            "In Queue",
            "Processing",
            "Accepted",
            "Wrong Answer",
            "Time Limit Exceeded",
            "Compilation Error",
            "Runtime Error (SIGSEGV)",
            "Runtime Error (SIGXFSZ)",
            "Runtime Error (SIGFPE)",
            "Runtime Error (SIGABRT)",
            "Runtime Error (NZEC)",
            "Runtime Error (Other)",
            "Internal Error",
            "Exec Format Error");
    private static final int SECOND_MS = 1000;
    private static final double KIB = 1024;

    /** A text that JSON cannot hold as it is. */
    static final class NotText extends RuntimeException {
        private static final long serialVersionUID = 1L;

        NotText() {
            super(
                    "some attributes for this submission cannot be converted to UTF-8, use base64_encoded=true query parameter",
                    null,
                    false,
                    false);
        }
    }

    static JsonArray statuses() {
        JsonArray list = new JsonArray();
        for (int id = 1; id <= STATUSES.size(); id++) {
            list.add(status(id));
        }
        return list;
    }

    private static JsonObject status(int id) {
        return new JsonObject().put("id", id).put("description", STATUSES.get(id - 1));
    }

    /** The attributes that a request asks for by name; those that do not exist are passed over. */
    static List<String> fields(String asked) {
        if (asked == null || asked.isEmpty()) {
            return DEFAULT;
        }
        List<String> names = List.of(asked.split(",", -1));
        return names.contains("*")
                ? KNOWN
                : KNOWN.stream().filter(names::contains).toList();
    }

    /** Fails with {@link NotText}. */
    JsonObject toJson() {
        JsonObject json = new JsonObject();
        fields.forEach(name -> json.put(name, value(name)));
        return json;
    }

    private Object value(String name) {
        Job job = whole.job();
        Result result = job.result();
        Usage usage = result == null ? null : result.usage();
        boolean ended = job.status().isTerminal();
        return switch (name) {
            case "token" -> token.toString();
            case "status" -> status(statusId());
            case "status_id" -> statusId();
            case "language" -> languages.has(token.language()) ? languages.toJson(token.language()) : null;
            case "language_id" -> token.language();
            case "stdout" -> ended ? text(whole.output().stdout()) : null;
            case "stderr" -> ended ? text(whole.output().stderr()) : null;
            case "message" -> ended && statusId() != 3 ? text(Buffer.buffer(result.message())) : null;
            case "source_code" -> text(source());
            case "stdin" -> text(spec.stdin());
            case "command_line_arguments" -> spec.args().isEmpty() ? null : String.join(" ", spec.args());
            case "time" -> usage == null ? null : seconds(usage.cpuMs());
            case "wall_time" -> usage == null ? null : seconds(usage.wallMs());
            case "memory" -> usage == null ? null : usage.memoryPeakBytes() / KIB;
            case "exit_code" -> result == null ? null : result.exitCode();
            case "exit_signal" ->
                result == null || result.outcome() == null || result.exitCode() != null
                        ? null
                        : Signals.number(result.signal());
            case "created_at", "finished_at" -> job.toJson().getValue(name);
            case "cpu_time_limit" -> seconds(job.limits().cpuMs());
            case "wall_time_limit" -> seconds(job.limits().wallMs());
            case "memory_limit" -> (long) (job.limits().memoryBytes() / KIB);
            case "max_processes_and_or_threads" -> job.limits().processes();
            case "number_of_runs" -> 1;
            case "enable_network",
                    "redirect_stderr_to_stdout",
                    "enable_per_process_and_thread_time_limit",
                    "enable_per_process_and_thread_memory_limit" -> false;
            default -> null;
        };
    }

    private Buffer source() {
        return spec.files().stream()
                .filter(f -> f.path().equals(spec.entry()))
                .findFirst()
                .orElseThrow()
                .content();
    }

    private int statusId() {
        Result result = whole.job().result();
        return switch (whole.job().status()) {
            case QUEUED -> 1;
            case RUNNING -> 2;
            case ERROR, CANCELLED -> 13;
            case DONE ->
                switch (result.outcome()) {
                    case OK -> token.accepts(whole.output().stdout()) ? 3 : 4;
                    case CPU_LIMIT, WALL_LIMIT, IDLE_LIMIT -> 5;
                    case OUTPUT_LIMIT -> 8;
                    case RUNTIME_ERROR -> 11;
                    case MEMORY_LIMIT -> 12;
                    case SIGNALED ->
                        switch (result.signal() == null ? "" : result.signal()) {
                            case "SIGSEGV" -> 7;
                            case "SIGXFSZ" -> 8;
                            case "SIGFPE" -> 9;
                            case "SIGABRT" -> 10;
                            default -> 12;
                        };
                };
        };
    }

    private static String seconds(long ms) {
        return String.format(Locale.ROOT, "%.3f", (double) ms / SECOND_MS);
    }

    private String text(Buffer bytes) {
        if (bytes.length() == 0) {
            return null;
        }
        if (base64) {
            return Base64.getEncoder().encodeToString(bytes.getBytes());
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.getBytes()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new NotText();
        }
    }
}
