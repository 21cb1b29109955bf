package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The commands that look at jobs, stop nodes and help the shell. {@code RunCommandIT} has the one that runs a program. */
@ExtendWith(TestNode.class)
@Timeout(60)
class CommandLineIT {
    @TempDir
    private Path folder;

    private record Ended(int code, String out, String err) {}

    private Ended run(ProcessBuilder command) throws IOException, InterruptedException {
        Path err = folder.resolve("err");
        Process process = command.redirectError(err.toFile()).start();
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), out, Files.readString(err));
    }

    private Ended jobs(TestNode node, String id, String... args) throws Exception {
        ProcessBuilder command =
                ServeProcess.command("jobs", id, "--url", node.node().url());
        command.command().addAll(List.of(args));
        return run(command);
    }

    @Test
    void an_ended_job_is_shown_as_the_program_was(TestNode node) throws Exception {
        String id = node.run("import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)")
                .get("id")
                .asText();
        Ended ended = jobs(node, id);
        assertThat(ended.code()).isEqualTo(7);
        assertThat(ended.out()).isEqualTo("out\n");
        assertThat(ended.err()).isEqualTo(id + ": DONE RUNTIME_ERROR: Ended with exit code 7.\nerr\n");
        JsonNode json =
                TestNode.JSON.readTree(jobs(node, id, "--json", "--wait").out());
        assertThat(json.get("exit_code").asInt()).isEqualTo(7);
        List<String> events = jobs(node, id, "--events").out().lines().toList();
        assertThat(TestNode.JSON.readTree(events.get(0)).get("k").asText()).isEqualTo("state");
        assertThat(TestNode.JSON
                        .readTree(events.get(events.size() - 1))
                        .get("k")
                        .asText())
                .isEqualTo("end");
    }

    @Test
    void a_job_that_runs_is_looked_at_and_cancelled(TestNode node) throws Exception {
        String id = node.submit(Map.of(
                "source", "import time; print('on', flush=True); time.sleep(60)", "limits", Map.of("wall_ms", 60_000)));
        node.awaitStart(id);
        Ended running = jobs(node, id);
        assertThat(running.code()).isEqualTo(3);
        assertThat(running.err()).isEqualTo(id + ": RUNNING: Running.\n");
        Ended cancelled = jobs(node, id, "--cancel", "--wait");
        assertThat(cancelled.code()).isEqualTo(130);
        assertThat(cancelled.err()).startsWith(id + ": CANCELLED: ");
    }

    @Test
    void what_cannot_be_looked_at_is_told(TestNode node) throws Exception {
        Ended none = jobs(node, "0-00000000000000000000000000");
        assertThat(none.code()).isEqualTo(2);
        assertThat(none.err()).isEqualTo("onpyrunner: There is no job with this id.\n");
        ProcessBuilder without = ServeProcess.command("jobs", "x");
        without.environment().put("ONPY_DATA_DIR", folder.toString());
        assertThat(run(without).err()).contains("No node runs from the data folder " + folder);
        Ended both = jobs(node, "x", "--json", "--events");
        assertThat(both.code()).isEqualTo(2);
        assertThat(both.err()).contains("mutually exclusive");
    }

    @Test
    void a_node_is_stopped_and_its_jobs_end_first() throws Exception {
        Path data = folder.resolve("data");
        Ended none = run(ServeProcess.command("stop", "--data", data.toString()));
        assertThat(none.code()).isOne();
        assertThat(none.err()).isEqualTo("onpyrunner: no node runs from the data folder " + data + ".\n");
        try (ServeProcess node = ServeProcess.start(data, Map.of())) {
            String id = new JobClient(node.url()).submit("{\"source\": \"import time; time.sleep(1)\"}");
            Ended stopped = run(ServeProcess.command("stop", "--data", data.toString()));
            assertThat(stopped.err()).endsWith("onpyrunner: it has ended.\n");
            assertThat(stopped.code()).isZero();
            assertThat(node.process().isAlive()).isFalse();
            assertThat(Files.readString(folder.resolve("data.log")))
                    .contains("job " + id.substring(0, 10) + " ended: DONE");
        }
        assertThat(run(ServeProcess.command("stop", "--data", data.toString())).code())
                .isOne();
    }

    @Test
    void a_shell_completes_commands_and_options() throws Exception {
        String script = run(ServeProcess.command("completion")).out();
        Path file = Files.writeString(folder.resolve("completion.bash"), script);
        String ask = """
                source %s
                for words in "./onpyrunner " "./onpyrunner run --l" "./onpyrunner runtimes "; do
                  COMP_WORDS=($words)
                  [[ $words == *" " ]] && COMP_WORDS+=("")
                  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
                  COMPREPLY=()
                  _complete_onpyrunner
                  echo "$words: ${COMPREPLY[*]}"
                done
                """.formatted(file);
        List<String> lines =
                run(new ProcessBuilder("bash", "-c", ask)).out().lines().toList();
        assertThat(lines.get(0).split("[ :]+", -1))
                .contains("serve", "run", "jobs", "stop", "doctor", "runtimes", "bench", "test", "completion")
                .doesNotContain("warm-up");
        assertThat(lines.get(1)).contains("--limit");
        assertThat(lines.get(2)).contains("add", "list", "remove", "test");
    }
}
