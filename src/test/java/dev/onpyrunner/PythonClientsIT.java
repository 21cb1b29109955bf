package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The tests of {@code clients/}, in Python: our own client, and those of other protocols, against a node of their own. */
@ExtendWith(TestNode.class)
class PythonClientsIT {
    @Test
    void other_runners_protocols_are_not_spoken_unless_the_settings_say_so(TestNode node) throws Exception {
        for (String path : List.of("/jobs/x", "/api/v2/runtimes", "/submissions/x", "/languages", "/about")) {
            assertThat(node.get(path).statusCode()).as(path).isEqualTo(404);
        }
        for (String path : List.of("/execute", "/api/v2/execute", "/submissions", "/submissions/batch")) {
            HttpResponse<String> answer = node.send(node.request(path)
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString("{}")));
            assertThat(answer.statusCode()).as(path).isEqualTo(404);
        }
    }

    @Test
    @Timeout(300)
    void all_of_them_pass() throws IOException, InterruptedException {
        Path packages =
                Path.of(System.getenv().getOrDefault("ONPY_TEST_PACKAGES", "")).toAbsolutePath();
        assertThat(packages.resolve("pytest"))
                .as(
                        "ONPY_TEST_PACKAGES names a folder with what clients/requirements.txt names; ./onpyrunner test sets it")
                .isDirectory();
        List<String> serve = ServeProcess.command("serve").command();
        ProcessBuilder builder = new ProcessBuilder("/usr/bin/python3", "-B", "-m", "pytest", "-q")
                .directory(Path.of("clients").toFile())
                .redirectErrorStream(true);
        builder.environment().put("PYTHONPATH", packages.toString());
        builder.environment().put("ONPY_TEST_SERVE", TestNode.JSON.writeValueAsString(serve));
        Process tests = builder.start();
        try {
            tests.getOutputStream().close();
            String said = new String(tests.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(tests.waitFor()).as(said).isZero();
            assertThat(said).contains(" passed").doesNotContain("skipped");
        } finally {
            tests.descendants().forEach(ProcessHandle::destroy); // its node, if it could not end it
            tests.destroy();
        }
    }
}
