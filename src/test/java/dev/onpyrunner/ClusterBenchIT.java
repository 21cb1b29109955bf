package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code bench cluster} runs; how fast it finds the nodes is not looked at. */
@Timeout(150)
class ClusterBenchIT {
    @TempDir
    private Path folder;

    @Test
    void it_measures_one_and_two_nodes_and_ends_well() throws IOException, InterruptedException {
        Path json = folder.resolve("cluster.json");
        ProcessBuilder builder = new ProcessBuilder(
                        "/usr/bin/python3",
                        "bench/cluster.py",
                        "--rounds",
                        "1",
                        "--warm-up",
                        "0",
                        "--jobs",
                        "2",
                        "--lines",
                        "3",
                        "--runners",
                        "1",
                        "--slots",
                        "2",
                        "--json",
                        json.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        assertThat(said).contains("every viewer got every line once, in order");
        JsonNode found = TestNode.JSON.readTree(json.toFile());
        assertThat(found.get("hello_ms"))
                .hasSize(3)
                .allMatch(times -> times.get(0).doubleValue() > 0);
        assertThat(found.get("line_ms")).hasSize(3).allMatch(times -> times.size() == 3);
        assertThat(found.at("/rates/1").doubleValue()).isPositive();
    }
}
