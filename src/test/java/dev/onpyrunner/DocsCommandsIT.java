package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.onpyrunner.redis.RedisProcess;
import dev.onpyrunner.redis.TestRedis;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The commands of the README, and of the pages about what operators add, typed as they stand there into a shell, in a folder
 * that looks like a checkout. Addresses of other machines, ports and folders of this one are put in by variables.
 */
@Timeout(180)
class DocsCommandsIT {
    private static final Path CHECKOUT = Path.of("").toAbsolutePath();
    private static final Pattern BLOCK =
            Pattern.compile("^```([a-z]*)\\n(.*?)^```$|((?:^ {4}\\S[^\\n]*\\n)+)", Pattern.DOTALL | Pattern.MULTILINE);

    @TempDir
    private Path folder;

    /** The block of a page, fenced or indented, that has this text. */
    private static String block(String page, String part) throws IOException {
        List<String> found = new ArrayList<>();
        Matcher block =
                BLOCK.matcher(Files.readString(page.equals("README.md") ? Path.of(page) : Path.of("docs", page)));
        while (block.find()) {
            String text =
                    block.group(3) == null ? block.group(2) : block.group(3).replaceAll("(?m)^ {4}", "");
            if (text.contains(part)) {
                found.add(text);
            }
        }
        assertThat(found).as(page + " shows " + part).hasSize(1);
        return found.get(0);
    }

    /** What looks like a checkout: its files are the real ones, and ./onpyrunner is this build. */
    @BeforeEach
    void checkout() throws IOException {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path plugins = Path.of("examples", "plugins");
        for (String name : List.of("pom.xml", "hooks/Hello.groovy")) {
            Path file = folder.resolve(plugins).resolve(name);
            Files.createDirectories(file.getParent());
            Files.copy(plugins.resolve(name), file);
        }
        command("onpyrunner", """
                #!/bin/sh
                if [ "$1" = runtimes ]; then
                  shift
                  exec /usr/bin/python3 -I %1$s/setup/runtimes.py "$@"
                fi
                export ONPY_RUNNER_JAIL_DIR=%1$s/nsjail
                exec "%2$s/bin/java" -XX:TieredStopAtLevel=1 -jar %1$s/target/onpyrunner.jar "$@"
                """.formatted(CHECKOUT, System.getProperty("java.home")));
        Files.createDirectory(folder.resolve("bin"));
        command("bin/uv", "#!/bin/sh\nexec " + System.getenv("ONPY_DEPENDENCIES_UV") + " \"$@\"\n");
    }

    private void command(String name, String text) throws IOException {
        Path command = Files.writeString(folder.resolve(name), text);
        Files.setPosixFilePermissions(command, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private ProcessBuilder shell(String commands, Map<String, String> variables) {
        ProcessBuilder shell = new ProcessBuilder("timeout", "150", "bash", "-euo", "pipefail", "-c", commands);
        shell.directory(folder.toFile());
        shell.redirectInput(Path.of("/dev/null").toFile());
        shell.environment().putAll(variables);
        shell.environment().merge("PATH", "", (path, none) -> folder.resolve("bin") + ":" + path);
        return shell;
    }

    /** What the commands print. */
    private String type(String commands, Map<String, String> variables) throws IOException, InterruptedException {
        Path errors = folder.resolve("errors");
        Process process =
                shell(commands, variables).redirectError(errors.toFile()).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(commands + Files.readString(errors)).isZero();
        return out;
    }

    @Test
    void the_calls_of_the_readme_do_what_it_says() throws Exception {
        Files.writeString(folder.resolve("main.py"), "print(open('data.csv').read())");
        Files.writeString(folder.resolve("data.csv"), "a,b");
        try (TestNode node = TestNode.start(Map.of())) {
            JsonNode several = answer(node, block("README.md", "curl -F"));
            assertThat(several.get("stdout").asText()).isEqualTo("a,b\n");
            assertThat(several.at("/limits/cpu_ms").asInt()).isEqualTo(2_000);

            String typing = block("README.md", "curl --data-binary $'Ann");
            String last = typing.strip().lines().reduce((a, b) -> b).orElseThrow();
            // The call in the middle answers, too.
            JsonNode dialogue = answer(node, typing.replace(last, "echo; " + last));
            assertThat(dialogue.get("outcome").asText()).isEqualTo("OK");
            assertThat(dialogue.get("stdout").asText()).isEqualTo("Name? Hello, Ann\n");

            JsonNode collected =
                    answer(node, block("README.md", "\"collect\": [\"*.csv\"]")).get("files");
            JsonNode shown = TestNode.JSON.readTree(block("README.md", "\"media_type\""));
            for (String field : List.of("path", "size_bytes", "media_type")) {
                assertThat(collected.at("/0/" + field)).as(field).isEqualTo(shown.at("/0/" + field));
            }
            assertThat(node.get(collected.at("/0/url").asText()).body()).startsWith("0,0\n1,1\n2,4\n");
        }
        Files.writeString(folder.resolve("program.py"), "open('made.csv', 'w').write('x')");
        type(block("README.md", "run program.py"), Map.of());
        assertThat(folder.resolve("made.csv")).hasContent("x");
    }

    /** What the last command prints: a job. */
    private JsonNode answer(TestNode node, String commands) throws IOException, InterruptedException {
        String here =
                commands.replace("localhost:8080", node.uri("/").getAuthority()).replace("curl ", "curl -sS ");
        String out = type(here, Map.of());
        return TestNode.JSON.readTree(out.strip().lines().reduce((a, b) -> b).orElseThrow());
    }

    /** A package from where pip gets them here: uv may not reach that. */
    private Path wheels(String name) throws IOException, InterruptedException {
        type(
                "/usr/bin/python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all:"
                        + " --dest wheels " + name,
                Map.of());
        return folder.resolve("wheels");
    }

    @Test
    void a_runtime_of_ones_own_is_made_by_the_commands_of_its_page() throws Exception {
        Path runtimes = folder.resolve("runtimes");
        Path settings = Files.writeString(
                folder.resolve("uv.toml"), "no-index = true\nfind-links = [\"" + wheels("PyYAML") + "\"]\n");
        Map<String, String> here =
                Map.of("ONPY_RUNNER_RUNTIMES_DIR", runtimes.toString(), "UV_CONFIG_FILE", settings.toString());
        type(block("runtimes.md", "mkdir my-tools"), here);
        try (TestNode node = TestNode.start(Map.of("runner.runtimes_dir", runtimes.toString()))) {
            JsonNode job = node.run(Map.of("source", "import yaml; print(yaml.dump({'a': 1}))", "runtime", "my-tools"));
            assertThat(job.get("stdout").asText()).isEqualTo("a: 1\n\n");
        }
    }

    @Test
    void a_program_that_names_its_packages_gets_them_with_the_settings_of_its_page() throws Exception {
        Path index = wheels("humanize");
        ObjectNode shown = (ObjectNode) TestNode.JSON.readTree("{" + block("dependencies.md", "\"enabled\"") + "}");
        ((ObjectNode) shown.get("dependencies")).put("index", index.toString());
        Path file = folder.resolve("node.json");
        TestNode.JSON.writeValue(file.toFile(), shown);
        Path data = folder.resolve("data");
        try (ServeProcess node = ServeProcess.start(data, Map.of("ONPY_CONFIG", file.toString()))) {
            JobClient client = new JobClient(node.url());
            String source = block("dependencies.md", "import humanize");
            String id = client.submit(TestNode.JSON.writeValueAsString(Map.of("source", source)));
            JsonNode job = Await.value(
                    "the end", () -> client.get(id), j -> !j.path("outcome").isNull());
            assertThat(job.path("stdout").asText()).as(job.toString()).isEqualTo("1.0 MB\n");
        }
    }

    @Test
    void the_calls_of_the_page_for_operators_are_there() throws Exception {
        try (TestNode node = TestNode.start(Map.of("http.operator_token", "only-for-this-test"))) {
            String address = node.uri("/").getAuthority();
            Map<String, String> token = Map.of("TOKEN", "only-for-this-test");
            String curl = block("admin.md", "curl").strip().replace("localhost:8080", address) + " --silent --fail";
            String id = node.submit(Map.of("source", "import time; time.sleep(30)"));
            node.awaitStart(id);
            assertThat(type(curl, token)).contains(id);
            Matcher call = Pattern.compile("`GET (/\\S+)`").matcher(Files.readString(Path.of("docs", "admin.md")));
            List<String> calls = new ArrayList<>();
            while (call.find()) {
                calls.add(call.group(1));
                type(curl.replace("/v1/running", call.group(1)), token);
            }
            assertThat(calls).contains("/v1/queue", "/v1/running", "/v1/nodes", "/v1/dead");
        }
    }

    /** The page's four machines are two here, with ports of their own. */
    @Test
    void nodes_with_the_roles_and_the_settings_of_the_page_about_clusters_share_jobs() throws Exception {
        Files.writeString(folder.resolve("node.json"), block("cluster.md", "\"members\""));
        String[] commands = block("cluster.md", "--role http").split("\n", -1);
        List<Integer> ports = RedisProcess.freePorts(4);
        try (TestRedis redis = TestRedis.start();
                ServeProcess http = member(commands[0], "http", redis, ports, 0);
                ServeProcess runner = member(commands[1], "runner", redis, ports, 2)) {
            Path log = folder.resolve("http.log");
            Await.until("the other one has joined", () -> Files.readString(log).contains("2 nodes with this one"));
            JobClient client = new JobClient(http.url());
            String id = client.submit(TestNode.JSON.writeValueAsString(Map.of("source", "print('shared')")));
            JsonNode job = Await.value(
                    "the end", () -> client.get(id), j -> !j.path("outcome").isNull());
            assertThat(job.path("stdout").asText()).isEqualTo("shared\n");
            assertThat(runner.process().isAlive()).isTrue();
        }
    }

    private ServeProcess member(String command, String name, TestRedis redis, List<Integer> ports, int first)
            throws IOException {
        assertThat(command).contains("serve --config node.json --role " + name);
        Map<String, String> here = new HashMap<>(Map.of(
                "ONPY_REDIS_URL",
                redis.url(),
                "ONPY_HTTP_HOST",
                "127.0.0.1",
                "ONPY_HTTP_PORT",
                "0",
                "ONPY_DATA_DIR",
                folder.resolve(name).toString(),
                "ONPY_CLUSTER_HOST",
                "127.0.0.1",
                "ONPY_CLUSTER_MEMBERS",
                "127.0.0.1:" + ports.get(0),
                "ONPY_CLUSTER_NAME",
                "docs-" + ProcessHandle.current().pid(),
                "ONPY_CLUSTER_PORT",
                String.valueOf(ports.get(first)),
                "ONPY_CLUSTER_BUS_PORT",
                String.valueOf(ports.get(first + 1))));
        return ServeProcess.started(shell("exec " + command, here), folder.resolve(name + ".log"));
    }

    @Test
    void the_verticle_in_groovy_says_what_its_page_shows() throws Exception {
        List<String> commands =
                new ArrayList<>(List.of(block("plugins.md", "mvn -f").strip().split("\n", -1)));
        String serve = commands.remove(commands.size() - 1);
        type(String.join("\n", commands).replace("mvn ", "mvn -B -q "), Map.of());
        Path log = folder.resolve("node.log");
        Map<String, String> here = Map.of(
                "ONPY_HTTP_PORT", "0", "ONPY_DATA_DIR", folder.resolve("data").toString());
        try (ServeProcess node = ServeProcess.started(shell("exec " + serve, here), log)) {
            for (String line : block("plugins.md", "hello from Groovy").strip().split("\n", -1)) {
                String pattern = ".*" + Pattern.quote(line).replaceAll("0-[a-z0-9]+", "\\\\E0-[a-z0-9]+\\\\Q") + ".*";
                Await.until(line, () -> Files.readString(log).lines().anyMatch(l -> l.matches(pattern)));
            }
            assertThat(node.process().isAlive()).isTrue();
        }
    }
}
