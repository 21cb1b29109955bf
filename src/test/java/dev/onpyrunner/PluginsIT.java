package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import groovy.json.JsonSlurper;
import groovy.lang.GroovyObject;
import io.vertx.lang.groovy.GroovyVerticleFactory;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Verticles of the operator's own, in a real node with a plugins folder. */
@Timeout(120)
class PluginsIT {
    /** Has a handler that fails, on a timer that comes before the node is asked anything. */
    private static final String THROWS = """
            vertx.setPeriodic(1) { throw new IllegalStateException('thrown by a plugin') }
            """;

    @TempDir
    private Path folder;

    private Path plugins() throws Exception {
        Path plugins = Files.createDirectory(folder.resolve("plugins"));
        for (Class<?> one : List.of(GroovyVerticleFactory.class, GroovyObject.class, JsonSlurper.class)) {
            URI jar = one.getProtectionDomain().getCodeSource().getLocation().toURI();
            Files.copy(Path.of(jar), plugins.resolve(Path.of(jar).getFileName()));
        }
        Path hooks = Files.createDirectory(plugins.resolve("hooks"));
        Files.copy(Path.of("examples", "plugins", "hooks", "Hello.groovy"), hooks.resolve("Hello.groovy"));
        Files.writeString(hooks.resolve("Throws.groovy"), THROWS);
        return plugins;
    }

    @Test
    void a_verticle_in_groovy_uses_the_runner_and_bad_ones_do_not_hurt_the_node() throws Exception {
        List<Map<String, Object>> verticles = List.of(
                Map.of("name", "groovy:hooks/None.groovy"),
                Map.of("name", "ruby:hooks/hello.rb"),
                Map.of("name", "java:no.such.Class", "instances", 2),
                Map.of("name", "groovy:hooks/Throws.groovy"),
                Map.of("name", "groovy:hooks/Hello.groovy", "config", Map.of("source", "print('from a test')")));
        Path file = folder.resolve("node.json");
        TestNode.JSON.writeValue(file.toFile(), Map.of("plugins_dir", plugins().toString(), "verticles", verticles));
        Path log = folder.resolve("data.log");
        try (ServeProcess node = ServeProcess.start(folder.resolve("data"), Map.of("ONPY_CONFIG", file.toString()))) {
            Await.until(
                    "the verticle tells how its job ended",
                    () -> Files.readString(log).contains("Hello.groovy: DONE OK: from a test"));
            Await.until("the other one throws", () -> Files.readString(log).contains("thrown by a plugin"));
            assertThat(Files.readString(log))
                    .contains("verticle groovy:hooks/None.groovy cannot be started; the node goes on without it")
                    .contains("there is no factory for 'ruby:'")
                    .contains("verticle java:no.such.Class x 2 cannot be started")
                    .contains("verticle groovy:hooks/Hello.groovy runs");
            JobClient client = new JobClient(node.url());
            String id = client.submit(TestNode.JSON.writeValueAsString(Map.of("source", "print('and others')")));
            JsonNode job = client.follow(id, new JobClient.Viewer() {
                @Override
                public void output(boolean stderr, String text) {}

                @Override
                public void restarted() {}
            });
            assertThat(job.path("outcome").asText()).isEqualTo("OK");
        }
    }
}
