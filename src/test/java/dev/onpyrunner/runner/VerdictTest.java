package dev.onpyrunner.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.onpyrunner.job.JobStatus;
import dev.onpyrunner.job.Limits;
import dev.onpyrunner.job.Outcome;
import dev.onpyrunner.job.Result;
import dev.onpyrunner.job.Usage;
import dev.onpyrunner.runner.Verdict.Observed;
import dev.onpyrunner.runner.Verdict.Reason;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The table of verdicts. */
class VerdictTest {
    private static final Limits LIMITS = new Limits(5_000, 10_000, 1_000, 256 << 20, 1 << 20, 64, 64 << 20);
    private static final Usage USAGE = new Usage(12, 3, 9_000_000, 1);
    private static final Sandbox.Exit UNKNOWN = Sandbox.Exit.UNKNOWN;

    private static Sandbox.Exit exit(int code) {
        return new Sandbox.Exit(Sandbox.Exit.Kind.EXITED, code);
    }

    private static Sandbox.Exit signal(int number) {
        return new Sandbox.Exit(Sandbox.Exit.Kind.SIGNALED, number);
    }

    static Stream<Arguments> done() {
        return Stream.of(
                arguments(Reason.NONE, exit(0), 0, Outcome.OK, 0, null, List.of()),
                arguments(Reason.NONE, exit(1), 0, Outcome.RUNTIME_ERROR, 1, null, List.of()),
                arguments(Reason.NONE, exit(137), 0, Outcome.RUNTIME_ERROR, 137, null, List.of()),
                arguments(Reason.NONE, exit(255), 0, Outcome.RUNTIME_ERROR, 255, null, List.of()),
                arguments(Reason.NONE, signal(9), 0, Outcome.SIGNALED, null, "SIGKILL", List.of()),
                arguments(Reason.NONE, signal(11), 0, Outcome.SIGNALED, null, "SIGSEGV", List.of()),
                arguments(Reason.NONE, signal(15), 0, Outcome.SIGNALED, null, "SIGTERM", List.of()),
                // killed for want of memory: the program itself, or all of the jail
                arguments(Reason.NONE, signal(9), 1, Outcome.MEMORY_LIMIT, null, null, List.of("memory")),
                arguments(Reason.NONE, UNKNOWN, 1, Outcome.MEMORY_LIMIT, null, null, List.of("memory")),
                // only a child was killed: a note, and the program's own end
                arguments(Reason.NONE, exit(0), 1, Outcome.OK, 0, null, List.of("memory")),
                arguments(Reason.NONE, exit(3), 1, Outcome.RUNTIME_ERROR, 3, null, List.of("memory")),
                arguments(Reason.NONE, signal(11), 1, Outcome.SIGNALED, null, "SIGSEGV", List.of("memory")),
                // what the worker stopped says nothing of itself
                arguments(Reason.CPU, signal(9), 0, Outcome.CPU_LIMIT, null, null, List.of("cpu")),
                arguments(Reason.CPU, exit(0), 0, Outcome.CPU_LIMIT, null, null, List.of("cpu")),
                arguments(Reason.WALL, signal(9), 0, Outcome.WALL_LIMIT, null, null, List.of("wall")),
                arguments(Reason.WALL, UNKNOWN, 0, Outcome.WALL_LIMIT, null, null, List.of("wall")),
                arguments(Reason.WALL, signal(9), 1, Outcome.WALL_LIMIT, null, null, List.of("wall", "memory")),
                arguments(Reason.OUTPUT, signal(9), 0, Outcome.OUTPUT_LIMIT, null, null, List.of()));
    }

    @ParameterizedTest
    @MethodSource("done")
    void the_programs_end_is_the_users_result(
            Reason reason,
            Sandbox.Exit exit,
            long oomKills,
            Outcome outcome,
            Integer exitCode,
            String signal,
            List<String> touched) {
        Verdict verdict = Verdict.of(new Observed(
                reason, exit, new Sandbox.Meter(3, 9_000_000, oomKills, 0), LIMITS, USAGE, false, false, null));
        assertThat(verdict.status()).isEqualTo(JobStatus.DONE);
        Result result = verdict.result();
        assertThat(result.outcome()).isEqualTo(outcome);
        assertThat(result.exitCode()).isEqualTo(exitCode);
        assertThat(result.signal()).isEqualTo(signal);
        assertThat(result.limitsHit()).isEqualTo(touched);
        assertThat(result.usage()).isEqualTo(USAGE);
        assertThat(result.error()).isNull();
        assertThat(result.message()).endsWith(".");
    }

    @Test
    void a_cancel_wins_over_whatever_the_program_exits_with() {
        for (Sandbox.Exit exit : List.of(exit(0), exit(1), signal(2), signal(9), UNKNOWN)) {
            Verdict verdict = Verdict.of(new Observed(
                    Reason.CANCEL, exit, new Sandbox.Meter(3, 1, 0, 0), LIMITS, USAGE, false, false, null));
            assertThat(verdict.status()).isEqualTo(JobStatus.CANCELLED);
            assertThat(verdict.result().outcome()).isNull();
        }
    }

    @Test
    void a_jail_that_vanishes_without_a_reason_is_never_the_programs_fault() {
        Verdict verdict = Verdict.of(
                new Observed(Reason.NONE, UNKNOWN, new Sandbox.Meter(3, 1, 0, 0), LIMITS, USAGE, false, false, null));
        assertThat(verdict.status()).isEqualTo(JobStatus.ERROR);
        assertThat(verdict.result().outcome()).isNull();
        assertThat(verdict.result().error().code()).isEqualTo(Result.Code.SANDBOX_FAILED);
    }

    @Test
    void limits_that_were_touched_are_named_with_their_number() {
        Verdict output = Verdict.of(new Observed(
                Reason.OUTPUT, signal(9), new Sandbox.Meter(3, 1, 0, 2), LIMITS, USAGE, false, true, null));
        assertThat(output.result().limitsHit()).containsExactly("stderr", "processes");
        assertThat(output.result().message()).contains("1 MiB");
        Verdict cpu = Verdict.of(
                new Observed(Reason.CPU, signal(9), new Sandbox.Meter(3, 1, 0, 0), LIMITS, USAGE, false, false, null));
        assertThat(cpu.result().message()).contains("5.0 s of CPU time");
    }
}
