package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./onpyrunner runtimes}: what it adds is what nodes have. It downloads packages. */
@Timeout(180)
class RuntimesCommandIT {
    /** One that is small and has not changed for years. */
    private static final String WHEEL =
            "six==1.17.0" + " --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274";

    @TempDir
    private Path folder;

    private Path runtimes;

    private record Said(int code, String out) {}

    @BeforeEach
    void prepare() throws IOException {
        runtimes = folder.resolve("runtimes");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Said runtimes(String... arguments) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of("/usr/bin/python3", "-I", "setup/runtimes.py", "--dir", runtimes.toString()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Said(process.waitFor(), out);
    }

    private String added(String what) throws IOException, InterruptedException {
        Said said = runtimes("add", what);
        assertThat(said.code()).as(said.out()).isZero();
        String last = said.out().lines().reduce((a, b) -> b).orElseThrow();
        assertThat(last).contains(" is in " + runtimes);
        return last.substring(0, last.indexOf(' '));
    }

    private Path recipe(String name) throws IOException {
        Path recipe = Files.createDirectories(folder.resolve(name));
        Files.writeString(
                recipe.resolve("runtime.json"), "// ours\n{\"description\": \"Our own.\", \"preload\": [\"six\"]}");
        Files.writeString(recipe.resolve("requirements.txt"), WHEEL);
        Files.writeString(recipe.resolve("test.py"), "import six\nprint(six.__version__)\n");
        return recipe;
    }

    @Test
    void a_node_has_what_was_added_another_python_and_packages() throws Exception {
        List<FutureTask<String>> adding = Stream.of(
                        recipe("python3-ours").toString(), "python3.13", "python3-sci", "pypy3")
                .map(what -> new FutureTask<>(() -> added(what)))
                .toList();
        adding.forEach(task -> new Thread(task, "runtimes add").start());
        String packages = adding.get(0).get();
        assertThat(packages).matches("python3\\.[0-9]+-ours");
        String python = adding.get(1).get();
        assertThat(python).isEqualTo("python3.13");
        String science = adding.get(2).get();
        String pypy = adding.get(3).get();
        assertThat(pypy).isEqualTo("pypy3");
        JsonNode list = TestNode.JSON.readTree(runtimes("list", "--json").out());
        assertThat(list.get("installed").findValuesAsText("name"))
                .containsExactlyInAnyOrder(packages, python, science, pypy);
        assertThat(list.get("to_add").findValuesAsText("name")).contains("python3-sci", "python3.13", "pypy3");

        try (TestNode node = TestNode.start(Map.of("runner.runtimes_dir", runtimes.toString()))) {
            JsonNode all =
                    TestNode.JSON.readTree(node.get("/v1/runtimes").body()).get("runtimes");
            assertThat(all.findValuesAsText("name")).contains(packages, python, pypy);
            assertThat(all.findValuesAsText("implementation")).containsOnlyOnce("PyPy");
            assertThat(all.findValuesAsText("version")).anyMatch(v -> v.matches("3\\.13\\.[0-9]+"));
            for (String name : List.of(packages, python, science, pypy)) {
                String test = Files.readString(runtimes.resolve(name).resolve("test.py"));
                Map<String, Long> limits = Map.of("cpu_ms", 30_000L, "wall_ms", 30_000L, "memory_bytes", 1L << 30);
                JsonNode job = node.run(Map.of("source", test, "runtime", name, "limits", limits));
                assertThat(job.get("stderr").asText()).isEmpty();
                assertThat(job.get("outcome").asText()).as(name).isEqualTo("OK");
            }
            what_is_shown_is_handed_back(node, science);
            its_interpreter_starts_again_for_what_is_read_at_its_start(node, pypy);
        }

        assertThat(runtimes("remove", python).code()).isZero();
        assertThat(runtimes("list").out()).contains(packages, "Our own.").doesNotContain("3.13.");
        Said again = runtimes("add", folder.resolve("python3-ours").toString());
        assertThat(again.code()).isOne();
        assertThat(again.out()).contains(packages + " is there already", "--replace");
    }

    /** Pictures and tables, by a program that knows nothing of it. */
    private static void what_is_shown_is_handed_back(TestNode node, String runtime) throws Exception {
        String shows = """
                import matplotlib.pyplot as plt, pandas as pd
                open('figure-2.png', 'w').write('its own')
                plt.plot([1, 2, 3])
                plt.show()
                plt.figure()
                plt.bar([1, 2], [3, 4])
                display(pd.DataFrame({'column': [1, 2]}), 5)
                """;
        JsonNode job = node.run(Map.of("source", shows, "runtime", runtime));
        assertThat(job.get("stdout").asText()).contains("column").endsWith("5\n");
        assertThat(job.get("stderr").asText()).isEmpty();
        assertThat(job.get("files").findValuesAsText("path"))
                .containsExactly("display-1.html", "figure-1.png", "figure-2.png", "figure-3.png");
        String url = "/v1/jobs/" + job.get("id").asText() + "/files/";
        assertThat(node.get(url + "display-1.html").body()).contains("<table", "<th>column</th>");
        assertThat(node.get(url + "figure-2.png").body()).isEqualTo("its own");
        for (String picture : List.of("figure-1.png", "figure-3.png")) {
            assertThat(node.get(url + picture).body().substring(1, 4)).isEqualTo("PNG");
        }
    }

    /** With the program's arguments, and with what PyPy would write then if it did not know its cache. */
    private static void its_interpreter_starts_again_for_what_is_read_at_its_start(TestNode node, String runtime)
            throws Exception {
        JsonNode job = node.run(Map.of(
                "source",
                "import sys, time; print(sys.argv, time.tzname[0])",
                "runtime",
                runtime,
                "args",
                List.of("a"),
                "env",
                Map.of("TZ", "ABC-1")));
        assertThat(job.get("stdout").asText()).isEqualTo("['main.py', 'a'] ABC\n");
        assertThat(job.get("stderr").asText()).isEmpty();
    }

    @Test
    void what_cannot_be_added_is_told_and_leaves_nothing() throws Exception {
        assertThat(runtimes("add", "nothing").out()).contains("there is no runtime 'nothing' to add", "python3-sci");
        Path recipe = recipe("other");
        Files.writeString(recipe.resolve("requirements.txt"), WHEEL.replace("4721f3", "000000"));
        Said said = runtimes("add", recipe.toString());
        assertThat(said.code()).isOne();
        assertThat(said.out()).contains("downloading packages failed", "HASH");
        Files.writeString(recipe.resolve("runtime.json"), "{");
        assertThat(runtimes("add", recipe.toString()).out()).contains("is not JSON");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
        Said closed = runtimes("add", "python3.13");
        assertThat(closed.code()).isOne();
        assertThat(closed.out()).contains(folder + " is closed to other users");
        assertThat(runtimes("remove", "other").code()).isOne();
        try (var left = Files.list(runtimes)) {
            assertThat(left).isEmpty();
        }
    }
}
