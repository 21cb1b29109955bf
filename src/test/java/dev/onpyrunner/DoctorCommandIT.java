package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What {@code doctor} prints and ends with, and that a node does not start where it finds a hole. */
@Timeout(60)
class DoctorCommandIT {
    @TempDir
    private Path folder;

    private record Said(int code, String text) {}

    private static Said say(ProcessBuilder builder) throws IOException, InterruptedException {
        Process process = builder.redirectErrorStream(true).start();
        process.getOutputStream().close();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Said(process.waitFor(), text);
    }

    @Test
    void a_machine_where_all_is_held_is_told_so() throws Exception {
        Said said = say(ServeProcess.command("doctor"));
        assertThat(said.text()).contains("held      memory").contains("Redis 7").endsWith("Everything holds.\n");
        assertThat(said.text()).doesNotContain("NOT HELD").doesNotContain("unknown");
        assertThat(said.code()).isZero();
    }

    @Test
    void a_hole_is_named_and_no_node_starts_with_it() throws Exception {
        String jail = ChangedJail.in(folder.resolve("jail"), "deny.kafel", s -> s.replace("bpf, ", ""))
                .toString();
        ProcessBuilder doctor = ServeProcess.command("doctor");
        doctor.environment().put("ONPY_RUNNER_JAIL_DIR", jail);
        Said said = say(doctor);
        assertThat(said.text())
                .contains("NOT HELD  system calls")
                .contains("bpf")
                .contains("1 not held");
        assertThat(said.code()).isEqualTo(1);

        ProcessBuilder serve = ServeProcess.command(
                "serve", "--port", "0", "--data", folder.resolve("data").toString());
        serve.environment().put("ONPY_RUNNER_JAIL_DIR", jail);
        Said refused = say(serve);
        assertThat(refused.text())
                .contains("does not hold what the settings promise")
                .contains("bpf");
        assertThat(refused.text()).doesNotContain("is ready: http");
        assertThat(refused.code()).isEqualTo(2);
    }

    @Test
    void a_redis_that_is_not_there_is_named() throws Exception {
        Said said = say(ServeProcess.command("doctor", "--redis", "redis://127.0.0.1:1"));
        assertThat(said.text()).contains("NOT HELD  Redis");
        assertThat(said.code()).isEqualTo(1);
    }
}
