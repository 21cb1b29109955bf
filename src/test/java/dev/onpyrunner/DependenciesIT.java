package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Programs that name their packages (PEP 723), with the real uv, whose path is in {@code ONPY_DEPENDENCIES_UV}, and an index
 * of wheels that are written here.
 */
@Timeout(60)
@ExtendWith(TestNode.class)
class DependenciesIT {
    @TempDir
    private static Path folder;

    private static TestNode node;

    @BeforeAll
    static void start() throws IOException {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        String hostile = "import os; os.write(1, b'forged'); os.close(0)\n";
        Wheels wheels = Wheels.in(folder.resolve("index"))
                .add(
                        "lucky",
                        "1.0",
                        Map.of("lucky/__init__.py", "import clover\nvalue = clover.leaves + 9\n"),
                        "clover>=2")
                .add("lucky", "2.0", Map.of("lucky/__init__.py", "value = 14\n"), "hidden")
                .add("clover", "2.1", Map.of("clover.py", "leaves = 4\n", "random.py", "value = 'not the library'\n"))
                .add("hidden", "1.0", Map.of("hidden.py", ""))
                .add("early", "1.0", Map.of("early.py", "", "early.pth", hostile))
                .add("refers", "1.0", Map.of("refers.py", ""), "hidden @ file://" + folder + "/hidden.whl")
                .add("large", "1.0", Map.of("large.bin", new byte[3 << 20]))
                .add("many", "1.0", Map.of("many.py", ""), "clover", "lucky<2", "early");
        wheels.add(
                "crowd", "1.0", IntStream.range(0, 600).boxed().collect(Collectors.toMap(i -> "crowd/" + i, i -> "")));
        Files.write(wheels.folder().resolve("source-1.0.tar.gz"), new byte[0]);
        node = TestNode.start(Map.of(
                "dependencies.enabled",
                "true",
                "dependencies.index",
                wheels.folder().toString(),
                "dependencies.allowed",
                "lucky,clover,early,refers,large,crowd,many,source,Absent_One",
                "dependencies.folder",
                folder.resolve("kept").toString(),
                "dependencies.max_packages",
                "3",
                "dependencies.max_bytes",
                String.valueOf(2 << 20)));
    }

    @AfterAll
    static void stop() throws IOException {
        node.close();
    }

    private static String program(String header, String body) {
        return "#!/usr/bin/env python3\n# /// script\n# " + header.replace("\n", "\n# ") + "\n# ///\n" + body;
    }

    private static List<String> notes(JsonNode job) throws Exception {
        List<String> notes = new ArrayList<>();
        for (String line :
                node.get(job.at("/links/events").asText()).body().lines().toList()) {
            if (line.startsWith("data: ") && line.contains("\"k\":\"note\"")) {
                notes.add(TestNode.JSON.readTree(line.substring(6)).get("d").asText());
            }
        }
        return notes;
    }

    @Test
    void a_program_gets_the_packages_that_it_names_and_the_next_one_at_once() throws Exception {
        String uses = program(
                "dependencies = [\n  'Lucky<2',  # comment\n]\n[tool.uv]\nindex-url = 'http://127.0.0.1:9'", """
                import lucky, random, subprocess, sys
                print(lucky.value, random.randint(3, 3))
                child = "import clover; print(clover.leaves)"
                print(subprocess.run([sys.executable, "-c", child], capture_output=True, text=True).stdout, end="")
                try:
                    open(lucky.__file__, "a")
                except OSError as e:
                    print(e.strerror)
                """);
        Map<String, ?> first = Map.of("source", uses);
        // At the same time: it is fetched once, and who waits for it is told, too.
        List<String> ids = List.of(node.submit(first), node.submit(first));
        for (String id : ids) {
            JsonNode job = node.awaitEnd(id);
            assertThat(job.get("stdout").asText()).isEqualTo("13 3\n4\nPermission denied\n");
            assertThat(notes(job)).containsExactly("Installing 2 packages: clover 2.1, lucky 1.0.");
        }
        JsonNode again = node.run(first);
        assertThat(again.get("outcome").asText()).isEqualTo("OK");
        assertThat(notes(again)).isEmpty();
        try (Stream<Path> kept = Files.list(folder.resolve("kept"))) {
            assertThat(kept.map(p -> p.getFileName().toString()).filter(n -> n.matches("[0-9a-f]{64}\\..*|new-.*")))
                    .filteredOn(n -> n.startsWith("new-"))
                    .isEmpty();
        }
    }

    @Test
    void the_command_line_says_what_it_waits_for() throws Exception {
        Path file = folder.resolve("uses.py");
        Files.writeString(file, program("dependencies = ['clover']", "import clover\nprint(clover.leaves)\n"));
        ProcessBuilder run = ServeProcess.command("run", file.toString());
        run.environment()
                .putAll(Map.of(
                        "ONPY_DEPENDENCIES_ENABLED", "true",
                        "ONPY_DEPENDENCIES_INDEX", folder.resolve("index").toString(),
                        "ONPY_DEPENDENCIES_ALLOWED", "clover",
                        "ONPY_LOG_LEVEL", "ERROR"));
        Path said = folder.resolve("said");
        Process process = run.redirectError(said.toFile()).start();
        process.getOutputStream().close();
        assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo("4\n");
        assertThat(process.waitFor()).isZero();
        assertThat(Files.readString(said)).isEqualTo("onpyrunner: Installing 1 package: clover 2.1.\n");
    }

    /** A package may run code before the program does; it must not speak to the worker in the name of the jail. */
    @Test
    void what_runs_before_the_program_is_not_heard_by_the_worker() throws Exception {
        JsonNode job = node.run(Map.of("source", program("dependencies = ['early']", "print('after')"), "stdin", "x"));
        assertThat(job.get("status").asText()).isEqualTo("DONE");
        assertThat(job.get("stdout").asText()).isEqualTo("forgedafter\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            dependencies = ['hidden']                | The package hidden is not among those that this server installs.
            dependencies = ['lucky']                 | The package hidden, which the program's packages need, is not among
            dependencies = ['absent-one']            | absent-one was not found
            dependencies = ['lucky>=3']              | only lucky<=2.0 is available
            dependencies = ['source']                | no usable wheels
            dependencies = ['refers']                | hidden` was included as a URL dependency
            dependencies = ['large']                 | larger than 2 MiB together, the limit
            dependencies = ['crowd']                 | larger than 2 MiB together, the limit
            dependencies = ['many']                  | more than 3 packages, with all that they need
            dependencies = ['lucky @ file:///x.whl'] | Addresses and paths are not possible.
            dependencies = ['-r /etc/passwd']        | Addresses and paths are not possible.
            dependencies = 'lucky'                   | must be a list
            dependencies = [                         | The program's header is not TOML
            requires-python = '<3'                   | The program requires Python <3, and the runtime python3.
            """)
    void what_cannot_be_had_is_told_and_is_the_program_s_own_fault(String header, String says) throws Exception {
        JsonNode job = node.run(Map.of("source", program(header, "print('ran')")));
        assertThat(job.get("outcome").asText()).isEqualTo("RUNTIME_ERROR");
        assertThat(job.get("exit_code").asInt()).isOne();
        assertThat(job.get("message").asText())
                .contains(says)
                .doesNotContain(folder.resolve("index").toString());
        assertThat(job.get("stderr").asText()).isEqualTo(job.get("message").asText() + "\n");
        assertThat(job.get("stdout").asText()).isEmpty();
    }

    @Test
    void an_index_that_does_not_answer_is_nobody_s_fault_and_can_be_waited_for_no_longer() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                TestNode other = TestNode.start(Map.of(
                        "dependencies.enabled", "true",
                        "dependencies.index", "http://user:secret@127.0.0.1:" + silent.getLocalPort() + "/simple",
                        "dependencies.allowed", "*",
                        "dependencies.folder", folder.resolve("other").toString(),
                        "dependencies.timeout_ms", "1500"))) {
            Map<String, ?> wants = Map.of("source", program("dependencies = ['lucky']", "import lucky"));
            String left = other.submit(wants);
            try (Socket asked = silent.accept()) {
                assertThat(asked.isConnected()).isTrue();
                other.send(other.request("/v1/jobs/" + left).DELETE());
                assertThat(other.awaitEnd(left).get("status").asText()).isEqualTo("CANCELLED");
            }
            JsonNode job = other.run(wants);
            assertThat(job.get("status").asText()).isEqualTo("ERROR");
            assertThat(job.at("/error/code").asText()).isEqualTo("SANDBOX_FAILED");
            assertThat(job.get("message").asText())
                    .contains("did not come within 1.5 s")
                    .doesNotContain("secret");
        }
    }

    @Test
    void where_it_is_off_a_program_that_lacks_a_module_is_told(TestNode off) throws Exception {
        JsonNode job = off.run(program("dependencies = ['lucky']", "import lucky"));
        assertThat(job.get("message").asText())
                .isEqualTo(
                        "Ended with exit code 1. The program names its dependencies, but this server installs none.");
        assertThat(off.run("import lucky").get("message").asText()).isEqualTo("Ended with exit code 1.");
    }
}
