package dev.onpyrunner;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/** The exit code that stands for how a job ended: a shell's own where it has one. */
final class ExitCode {
    private static final int TIME_LIMIT = 124;
    private static final int SYSTEM_FAILED = 125;
    /** As after Ctrl-C. */
    static final int CANCELLED = 130;

    private static final int MEMORY_LIMIT = 137;
    private static final int OUTPUT_LIMIT = 153;
    private static final List<String> SIGNALS = List.of(
            "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
            "ALRM", "TERM");

    private ExitCode() {}

    /** That of an ended job. */
    static int of(JsonNode job) {
        return switch (outcome(job)) {
            case "OK", "RUNTIME_ERROR" -> job.path("exit_code").asInt();
            case "SIGNALED" ->
                128 + Math.max(0, SIGNALS.indexOf(job.path("signal").asText().replaceFirst("SIG", "")));
            case "CPU_LIMIT", "WALL_LIMIT", "IDLE_LIMIT" -> TIME_LIMIT;
            case "MEMORY_LIMIT" -> MEMORY_LIMIT;
            case "OUTPUT_LIMIT" -> OUTPUT_LIMIT;
            case "CANCELLED" -> CANCELLED;
            default -> SYSTEM_FAILED;
        };
    }

    /** Whether the program came to its own end. */
    static boolean isOwn(JsonNode job) {
        return List.of("OK", "RUNTIME_ERROR").contains(outcome(job));
    }

    private static String outcome(JsonNode job) {
        String status = job.path("status").asText();
        return status.equals("DONE") ? job.path("outcome").asText() : status;
    }
}
