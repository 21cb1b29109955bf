package dev.onpyrunner.runner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.TestNode;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The smallest limits that a user may ask for end as the user's own result, never as a failure of the system. */
@ExtendWith(TestNode.class)
@Timeout(60)
class SmallLimitsIT {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void a_plain_program_needs_one_process(int processes, TestNode node) throws Exception {
        JsonNode job = node.run(Map.of("source", "print(1)", "limits", Map.of("processes", processes)));
        assertThat(job.path("message").asText()).isEqualTo("Finished.");
        assertThat(job.path("outcome").asText()).isEqualTo("OK");
    }

    @Test
    void a_fork_over_the_limit_is_the_programs_error_and_noted(TestNode node) throws Exception {
        String bomb = "import os\nfor i in range(50):\n  if os.fork() == 0: os.execvp('sleep', ['sleep', '9'])";
        JsonNode job = node.run(Map.of("source", bomb, "limits", Map.of("processes", 5)));
        assertThat(job.path("outcome").asText()).isEqualTo("RUNTIME_ERROR");
        assertThat(job.path("stderr").asText()).contains("BlockingIOError");
        assertThat(job.path("limits_hit").toString()).contains("processes");
    }

    @ParameterizedTest
    @CsvSource({"wall_ms, 1, WALL_LIMIT", "cpu_ms, 1, CPU_LIMIT", "output_bytes, 1, OUTPUT_LIMIT"})
    void a_limit_that_is_too_small_is_named(String limit, long value, String outcome, TestNode node) throws Exception {
        String busy = "print('hello', flush=True)\nwhile True: pass";
        JsonNode job = node.run(Map.of("source", busy, "limits", Map.of(limit, value)));
        assertThat(job.path("status").asText()).isEqualTo("DONE");
        assertThat(job.path("outcome").asText()).isEqualTo(outcome);
    }

    @Test
    void the_smallest_memory_is_enough_for_a_plain_program_and_holds(TestNode node) throws Exception {
        Map<String, Integer> smallest = Map.of("memory_bytes", 16 << 20);
        assertThat(node.run(Map.of("source", "print(1)", "limits", smallest))
                        .path("outcome")
                        .asText())
                .isEqualTo("OK");
        JsonNode hog = node.run(Map.of("source", "x = bytearray(32 << 20)", "limits", smallest));
        assertThat(hog.path("outcome").asText()).isEqualTo("MEMORY_LIMIT");
    }

    @Test
    void signals_without_a_common_name_have_one(TestNode node) throws Exception {
        assertThat(node.run("import os; os.kill(os.getpid(), 40)")
                        .path("signal")
                        .asText())
                .isEqualTo("SIGRTMIN+6");
    }

    @Test
    void the_time_zone_of_the_environment_holds(TestNode node) throws Exception {
        JsonNode job = node.run(Map.of(
                "source", "import time; print(time.strftime('%H', time.localtime(0)))", "env", Map.of("TZ", "UTC-5")));
        assertThat(job.path("stdout").asText()).isEqualTo("05\n");
    }

    @Test
    void slots_are_left_clean_by_200_jobs_in_a_row(TestNode node) throws Exception {
        for (int i = 0; i < 200; i++) {
            JsonNode job = node.run(Map.of("source", "print(input())", "stdin", "job " + i));
            assertThat(job.path("stdout").asText()).isEqualTo("job " + i + "\n");
        }
    }
}
