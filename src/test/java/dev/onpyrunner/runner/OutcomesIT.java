package dev.onpyrunner.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.Await;
import dev.onpyrunner.TestNode;
import java.net.http.HttpRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each row of the table of verdicts ({@link VerdictTest}), produced by a real program. */
@ExtendWith(TestNode.class)
@Timeout(300)
class OutcomesIT {
    private static final Map<String, Object> NONE = Map.of();
    private static final String CHILD_OOM = """
            import os
            child = os.fork()
            if child == 0:
                x = bytearray(200 << 20)
                os._exit(0)
            status = os.waitpid(child, 0)[1]
            print("child died of", os.WTERMSIG(status))
            """;

    private static String killSelf(int signal) {
        return "import os; os.kill(os.getpid(), " + signal + ")";
    }

    static Stream<Arguments> rows() {
        Map<String, Object> little = Map.of("memory_bytes", 64 << 20);
        Map<String, Object> brief = Map.of("cpu_ms", 200);
        Map<String, Object> fast = Map.of("wall_ms", 200);
        Map<String, Object> quiet = Map.of("output_bytes", 1000);
        String busy = "while True: pass";
        return Stream.of(
                arguments("print(1)", NONE, "OK", 0, null, "[]"),
                arguments("raise SystemExit(0)", NONE, "OK", 0, null, "[]"),
                arguments("raise ValueError", NONE, "RUNTIME_ERROR", 1, null, "[]"),
                arguments("1 +", NONE, "RUNTIME_ERROR", 1, null, "[]"),
                arguments("raise SystemExit(137)", NONE, "RUNTIME_ERROR", 137, null, "[]"),
                arguments("raise SystemExit(124)", NONE, "RUNTIME_ERROR", 124, null, "[]"),
                arguments("import os; os._exit(255)", NONE, "RUNTIME_ERROR", 255, null, "[]"),
                arguments("raise MemoryError", NONE, "RUNTIME_ERROR", 1, null, "[]"),
                arguments("x = bytearray(1 << 60)", NONE, "RUNTIME_ERROR", 1, null, "[]"),
                arguments(killSelf(9), NONE, "SIGNALED", null, "SIGKILL", "[]"),
                arguments(killSelf(15), NONE, "SIGNALED", null, "SIGTERM", "[]"),
                arguments("import os; os.abort()", NONE, "SIGNALED", null, "SIGABRT", "[]"),
                arguments("import ctypes; ctypes.string_at(0)", NONE, "SIGNALED", null, "SIGSEGV", "[]"),
                // an interrupt of its own is Python's to end with
                arguments(killSelf(2), NONE, "SIGNALED", null, "SIGINT", "[]"),
                arguments("x = bytearray(200 << 20)", little, "MEMORY_LIMIT", null, null, "[\"memory\"]"),
                arguments(
                        "open('/tmp/x', 'wb').write(bytes(40 << 20)); x = bytearray(40 << 20)",
                        little,
                        "MEMORY_LIMIT",
                        null,
                        null,
                        "[\"memory\"]"),
                arguments(CHILD_OOM, little, "OK", 0, null, "[\"memory\"]"),
                arguments(CHILD_OOM + "raise SystemExit(3)", little, "RUNTIME_ERROR", 3, null, "[\"memory\"]"),
                arguments(CHILD_OOM + "os.abort()", little, "SIGNALED", null, "SIGABRT", "[\"memory\"]"),
                arguments(
                        CHILD_OOM + "while True: pass",
                        Map.of("memory_bytes", 64 << 20, "cpu_ms", 300),
                        "CPU_LIMIT",
                        null,
                        null,
                        "[\"cpu\",\"memory\"]"),
                arguments(busy, brief, "CPU_LIMIT", null, null, "[\"cpu\"]"),
                arguments("import os; os.fork()\n" + busy, brief, "CPU_LIMIT", null, null, "[\"cpu\"]"),
                arguments(
                        "import os\nif os.fork():\n  os.wait()\n" + busy, brief, "CPU_LIMIT", null, null, "[\"cpu\"]"),
                arguments(
                        "import signal\nfor n in 2, 15: signal.signal(n, signal.SIG_IGN)\n" + busy,
                        brief,
                        "CPU_LIMIT",
                        null,
                        null,
                        "[\"cpu\"]"),
                arguments("import time; time.sleep(60)", fast, "WALL_LIMIT", null, null, "[\"wall\"]"),
                arguments(
                        "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
                        fast,
                        "WALL_LIMIT",
                        null,
                        null,
                        "[\"wall\"]"),
                arguments("while True: print('x' * 99)", quiet, "OUTPUT_LIMIT", null, null, "[\"stdout\"]"),
                arguments(
                        "import sys\nwhile True: print('x' * 99, file=sys.stderr)",
                        quiet,
                        "OUTPUT_LIMIT",
                        null,
                        null,
                        "[\"stderr\"]"),
                arguments(
                        "import os\ntry:\n  while True:\n    if os.fork() == 0: os.read(os.pipe()[0], 1)\n"
                                + "except BlockingIOError: print('full')",
                        Map.of("processes", 8),
                        "OK",
                        0,
                        null,
                        "[\"processes\"]"));
    }

    @ParameterizedTest
    @MethodSource("rows")
    void a_row_of_the_table(
            String program,
            Map<String, Object> limits,
            String outcome,
            Integer exitCode,
            String signal,
            String hit,
            TestNode node)
            throws Exception {
        JsonNode job = node.run(Map.of("source", program, "limits", limits));
        assertThat(job.get("status").textValue()).isEqualTo("DONE");
        assertThat(job.get("outcome").textValue()).as(job.toString()).isEqualTo(outcome);
        assertThat(job.get("exit_code").isNull() ? null : job.get("exit_code").intValue())
                .isEqualTo(exitCode);
        assertThat(job.get("signal").textValue()).isEqualTo(signal);
        assertThat(job.get("limits_hit")).hasToString(hit);
        // A busy machine may not let it show its stack in time.
        assertThat(job.has("stack") && !outcome.endsWith("_LIMIT")).isFalse();
    }

    @Test
    void a_cancel_interrupts_python_and_keeps_what_it_said(TestNode node) throws Exception {
        String id = node.submit("""
                import time
                try:
                    print("begun", flush=True)
                    time.sleep(60)
                finally:
                    print("cleaned up", flush=True)
                """);
        Await.until(
                "it runs",
                () -> TestNode.JSON
                        .readTree(node.get("/v1/jobs/" + id).body())
                        .path("stdout")
                        .asText()
                        .contains("begun"));
        node.send(node.request("/v1/jobs/" + id).method("DELETE", HttpRequest.BodyPublishers.noBody()));
        JsonNode job = node.awaitEnd(id);
        assertThat(job.get("status").textValue()).isEqualTo("CANCELLED");
        assertThat(job.get("outcome").isNull()).isTrue();
        assertThat(job.get("stdout").textValue()).isEqualTo("begun\ncleaned up\n");
        assertThat(job.get("stderr").textValue()).contains("KeyboardInterrupt");
    }

    /** Under load no job gets another one's answer or a wrong verdict. */
    @Test
    void a_thousand_jobs_of_16_clients_all_have_their_own_answers(TestNode node) throws Exception {
        int clients = 16;
        int jobs = 1_000;
        List<String> wrong = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int client = 0; client < clients; client++) {
            int first = client;
            Thread thread = new Thread(() -> {
                for (int i = first; i < jobs; i += clients) {
                    try {
                        int code = i % 3 == 0 ? 7 : 0;
                        String program = "print(input() * 2)\nraise SystemExit(" + code + ")";
                        JsonNode job = node.run(Map.of("source", program, "stdin", "job " + i + ";"));
                        String expected = "job " + i + ";job " + i + ";\n";
                        if (!job.get("stdout").textValue().equals(expected)
                                || job.get("exit_code").intValue() != code
                                || !job.get("limits_hit").isEmpty()
                                || job.get("starts").intValue() != 1) {
                            throw new AssertionError(job);
                        }
                    } catch (Exception | AssertionError e) {
                        synchronized (wrong) {
                            wrong.add(e.toString());
                        }
                    }
                }
            });
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(wrong).isEmpty();
    }
}
