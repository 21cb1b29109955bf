package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The fault suite of {@code bench/chaos.py}: each fault once, and what its audit is worth. */
class ChaosIT {
    private static final String JAVA = System.getProperty("java.home");

    @TempDir
    private Path folder;

    @Test
    @Timeout(400)
    void no_fault_loses_a_job_or_makes_its_story_untrue() throws Exception {
        String said = python(350, "bench/chaos.py");
        // Each fault has its line, and so none was left out.
        assertThat(said.lines().filter(l -> l.contains(" jobs in flight, a new one ended after ")))
                .as(said)
                .hasSizeGreaterThanOrEqualTo(12);
        assertThat(said).contains("0 lost, 0 stuck, 0 with two results, 0 that went back");
    }

    @Test
    @Timeout(60)
    void the_audit_finds_every_forged_story() throws Exception {
        assertThat(python(50, "bench/chaos/test_audit.py")).containsPattern("Ran [1-9][0-9]* tests");
    }

    /** Runs a script, which must succeed; what it said. */
    private String python(int seconds, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("/usr/bin/python3"));
        command.addAll(List.of(arguments));
        Path output = folder.resolve("said");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().put("JAVA_HOME", JAVA);
        Process process = builder.start();
        try {
            boolean ended = process.waitFor(seconds, TimeUnit.SECONDS);
            String said = Files.readString(output, StandardCharsets.UTF_8);
            assertThat(ended).as("it ended in time: " + said).isTrue();
            assertThat(process.exitValue()).as(said).isZero();
            return said;
        } finally {
            process.destroyForcibly(); // its nodes die with it
        }
    }
}
