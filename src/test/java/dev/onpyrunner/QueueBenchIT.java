package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code bench queue} runs; how fast it finds the queue is not looked at. */
@Timeout(120)
class QueueBenchIT {
    @Test
    void it_measures_both_parts_and_ends_well() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--class-path",
                        "target/onpyrunner.jar",
                        "bench/Queue.java",
                        "--deepest",
                        "200",
                        "--rounds",
                        "1",
                        "--batch",
                        "32")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        assertThat(said)
                .containsPattern("10 wait: accept +[0-9]+ /s")
                .containsPattern("200 wait: accept +[0-9]+ /s")
                .containsPattern("claim \\+ finish +[0-9]+ /s")
                .containsPattern("accept reaches × [0-9]");
    }
}
