package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code bench live} runs; how fast it finds the console is not looked at. */
@Timeout(90)
class LiveBenchIT {
    @TempDir
    private Path folder;

    @Test
    void it_measures_few_and_many_viewers_and_ends_well() throws IOException, InterruptedException {
        Path json = folder.resolve("live.json");
        ProcessBuilder builder = new ProcessBuilder(
                        "/usr/bin/python3",
                        "bench/live.py",
                        "--viewers",
                        "1,100",
                        "--lines",
                        "10",
                        "--json",
                        json.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        assertThat(said).contains("every viewer got every line once, in order");
        JsonNode runs = TestNode.JSON.readTree(json.toFile()).get("runs");
        assertThat(runs).hasSize(2);
        assertThat(runs.get(1).get("live_ms")).hasSize(1_000).allMatch(age -> age.doubleValue() > 0);
        assertThat(runs.get(1).get("heap_bytes_per_viewer").intValue()).isLessThan(200_000);
    }
}
