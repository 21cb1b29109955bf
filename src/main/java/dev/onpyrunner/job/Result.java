package dev.onpyrunner.job;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;

/**
 * What became of a job, as stored at its end.
 *
 * @param outcome how the program ended; null when the job is not {@link JobStatus#DONE}
 * @param exitCode the program's exit code; null when it did not exit by itself
 * @param signal the name of the signal it died of, such as {@code SIGSEGV}; else null
 * @param message one sentence for a person
 * @param limitsHit every limit that was touched, whether it ended the job or not
 * @param usage what it used; null when it never ran
 * @param error what failed in the system; null unless the job is {@link JobStatus#ERROR}
 * @param files what it hands back, each stored before with {@link JobStore#storeFile}
 * @param stack the Python stacks where the program was stopped for its time; else null
 * @param matched whether it wrote what was expected; null when nothing was
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Result(
        Outcome outcome,
        Integer exitCode,
        String signal,
        String message,
        List<String> limitsHit,
        Usage usage,
        SystemError error,
        List<CollectedFile> files,
        String stack,
        Boolean matched) {
    public Result {
        limitsHit = limitsHit == null ? List.of() : List.copyOf(limitsHit);
        files = files == null ? List.of() : List.copyOf(files);
    }

    /** A result without files. */
    public Result(
            Outcome outcome,
            Integer exitCode,
            String signal,
            String message,
            List<String> limitsHit,
            Usage usage,
            SystemError error) {
        this(outcome, exitCode, signal, message, limitsHit, usage, error, List.of(), null, null);
    }

    /** The same result, with these files. */
    public Result withFiles(List<CollectedFile> handedBack) {
        return new Result(outcome, exitCode, signal, message, limitsHit, usage, error, handedBack, stack, matched);
    }

    /** The same result, with the Python stacks where the program was stopped; null when they are not known. */
    public Result withStack(String stacks) {
        return new Result(outcome, exitCode, signal, message, limitsHit, usage, error, files, stacks, matched);
    }

    /** The same result, with one more sentence for a person. */
    public Result withNote(String sentence) {
        return new Result(
                outcome, exitCode, signal, message + " " + sentence, limitsHit, usage, error, files, stack, matched);
    }

    /** The same result, with whether the program wrote what was expected. */
    public Result withMatched(boolean isMatched) {
        return new Result(outcome, exitCode, signal, message, limitsHit, usage, error, files, stack, isMatched);
    }

    /** A failure of the system: a code for programs and a sentence for people. */
    public record SystemError(Code code, String detail) {}

    /** What failed. */
    public enum Code {
        WORKER_LOST,
        SANDBOX_FAILED,
        QUEUE_TIMEOUT,
        INTERNAL
    }

    /** The result of a job that the system failed. */
    public static Result failed(Code code, String detail) {
        return new Result(null, null, null, detail, List.of(), null, new SystemError(code, detail));
    }

    /** The result of a job that was cancelled before it ran, or whose runner was lost while it was being cancelled. */
    public static Result cancelled(String message) {
        return new Result(null, null, null, message, List.of(), null, null);
    }
}
