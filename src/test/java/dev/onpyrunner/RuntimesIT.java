package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.job.RuntimeInfo;
import dev.onpyrunner.redis.TestRedis;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Several Pythons: on one node, and on several. */
@Timeout(60)
class RuntimesIT {
    /** Jails run as users of their own. */
    @TempDir
    private Path folder;

    private Path runtime(String name, Map<String, ?> description) throws IOException {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path packages = Files.createDirectories(folder.resolve(name).resolve("packages"));
        Files.writeString(packages.resolve("lucky_number.py"), "value = 13\n");
        Files.createDirectories(packages.resolve("lucky_number-2.5.dist-info"));
        Files.writeString(folder.resolve(name).resolve("runtime.json"), TestNode.JSON.writeValueAsString(description));
        return folder.resolve(name);
    }

    private static List<String> texts(JsonNode list) {
        List<String> texts = new ArrayList<>();
        list.forEach(t -> texts.add(t.asText()));
        return texts;
    }

    private static JsonNode found(JsonNode runtimes, String name) {
        for (JsonNode r : runtimes.get("runtimes")) {
            if (r.get("name").asText().equals(name)) {
                return r;
            }
        }
        throw new AssertionError("no " + name + " in " + runtimes);
    }

    @Test
    void a_node_has_each_runtime_of_its_folder_beside_the_machine_s_own() throws Exception {
        runtime("python3-lucky", Map.of("description", "With luck.", "preload", List.of("lucky_number")));
        try (TestNode node = TestNode.start(Map.of("runner.runtimes_dir", folder.toString()))) {
            JsonNode all = TestNode.JSON.readTree(node.get("/v1/runtimes").body());
            String own = all.get("default").asText();
            assertThat(found(all, own).get("preloaded")).isEmpty();
            JsonNode lucky = found(all, "python3-lucky");
            assertThat(lucky.get("description").asText()).isEqualTo("With luck.");
            assertThat(lucky.get("warm").asBoolean()).isTrue();
            assertThat(texts(lucky.get("preloaded"))).containsExactly("lucky_number");
            assertThat(lucky.get("packages").get("lucky-number").asText()).isEqualTo("2.5");
            assertThat(lucky.get("nodes").asInt()).isOne();
            assertThat(lucky.get("version").asText())
                    .isEqualTo(found(all, own).get("version").asText());

            JsonNode job = node.run(
                    Map.of("source", "import lucky_number; print(lucky_number.value)", "runtime", "python3-lucky"));
            assertThat(job.get("stdout").asText()).isEqualTo("13\n");
            assertThat(job.get("runtime").asText()).isEqualTo("python3-lucky");

            JsonNode without = node.run("import sys, lucky_number.deep");
            assertThat(without.get("outcome").asText()).isEqualTo("RUNTIME_ERROR");
            assertThat(without.get("message").asText())
                    .isEqualTo("Ended with exit code 1. The module lucky_number is in the runtime python3-lucky.");
            assertThat(node.run("import no_such_module").get("message").asText())
                    .isEqualTo("Ended with exit code 1.");

            JsonNode refused = TestNode.JSON.readTree(
                    node.post("", Map.of("source", "", "runtime", "perl")).body());
            assertThat(refused.at("/errors/0/pointer").asText()).isEqualTo("/runtime");
            assertThat(refused.at("/errors/0/detail").asText()).contains(own).contains("python3-lucky");
        }
    }

    @Test
    void the_runtimes_of_a_node_share_its_slots() throws Exception {
        runtime("python3-lucky", Map.of());
        Map<String, String> one =
                Map.of("runner.runtimes_dir", folder.toString(), "runner.slots", "1", "runner.interactive_slots", "0");
        try (TestNode node = TestNode.start(one)) {
            String first =
                    node.submit(Map.of("source", "import time; time.sleep(60)", "limits", Map.of("wall_ms", 60_000)));
            node.awaitStart(first);
            String second = node.submit(Map.of("source", "print(2)", "runtime", "python3-lucky"));
            JsonNode waiting =
                    TestNode.JSON.readTree(node.get("/v1/jobs/" + second).body());
            assertThat(waiting.get("status").asText()).isEqualTo("QUEUED");
            node.send(node.request("/v1/jobs/" + first).DELETE());
            assertThat(node.awaitEnd(second).get("stdout").asText()).isEqualTo("2\n");
        }
    }

    @Test
    void a_node_that_runs_nothing_takes_jobs_for_the_runtimes_of_others() throws Exception {
        runtime("python3-lucky", Map.of());
        try (TestRedis redis = TestRedis.start();
                TestNode front = TestNode.start(Map.of("roles", "http", "redis.url", redis.url()))) {
            Map<String, String> other = Map.of(
                    "roles",
                    "runner",
                    "redis.url",
                    redis.url(),
                    "runner.runtimes_dir",
                    folder.toString(),
                    "runner.runtimes",
                    "python3-lucky");
            try (TestNode runner = TestNode.start(other)) {
                assertThat(runner.get("/readyz").statusCode()).isEqualTo(200);
                Await.until(
                        "the runtime to be heard of",
                        () -> front.get("/v1/runtimes").body().contains("python3-lucky"));
                JsonNode job = front.run(Map.of("source", "import lucky_number; print(3)", "runtime", "python3-lucky"));
                assertThat(job.get("stdout").asText()).isEqualTo("3\n");
            }
            // Jobs for it wait for a node that has it: this one may be being restarted.
            assertThat(front.post("", Map.of("source", "", "runtime", "python3-lucky"))
                            .statusCode())
                    .isEqualTo(202);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            Big    | {}                              | must have a name of up to 32 small letters
            x      | {"preload": ["a b"]}            | must have names of modules in preload, not 'a b'
            x      | {"environment": {"a b": ""}}    | has a variable 'a b'
            x      | {"usr": "usr"}                  | must have python and version as well
            x      | {"version": "new"}              | must have a version like 3.13.5
            x      | {"collect": ["/etc/*"]}         | The pattern must be relative
            x      | {"packages": "none"}            | which is no folder
            x      | {"preloads": []}                | Unrecognized field "preloads"
            x      | {                               | (line 1)
            """)
    void what_is_wrong_is_told_at_start(String name, String description, String says) throws Exception {
        Files.writeString(Files.createDirectories(folder.resolve(name)).resolve("runtime.json"), description);
        NodeConfig config = NodeConfig.load(null, Map.of(), Map.of("runner.runtimes_dir", folder.toString()));
        Throwable thrown = catchThrowable(() -> Runtimes.find(config.runner()));
        assertThat(thrown).isInstanceOf(IOException.class).hasMessageContaining(says);
        assertThat(thrown).hasMessageContaining(folder.resolve(name).toString());
    }

    @Test
    void a_node_has_only_what_it_is_to_have() throws Exception {
        runtime("python3-lucky", Map.of());
        Map<String, String> settings =
                Map.of("runner.runtimes_dir", folder.toString(), "runner.runtimes", "python3-lucky");
        Runtimes found = Runtimes.find(NodeConfig.load(null, Map.of(), settings).runner());
        assertThat(found.infos()).extracting(RuntimeInfo::name).containsExactly("python3-lucky");
        NodeConfig missing = NodeConfig.load(null, Map.of(), Map.of("runner.runtimes", "perl"));
        assertThat(catchThrowable(() -> Runtimes.find(missing.runner())))
                .hasMessageContaining("There is no runtime 'perl'")
                .hasMessageContaining(found.machine());
    }
}
