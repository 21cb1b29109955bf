package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.onpyrunner.redis.RedisLink;
import dev.onpyrunner.redis.TestRedis;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The rights that docs/redis.md gives a user of Redis are all that is needed. */
@Timeout(60)
class RedisUserIT {
    private static List<String> rights() throws IOException {
        Matcher line = Pattern.compile("(?m)^ACL SETUSER onpyrunner on >password (.+)$")
                .matcher(Files.readString(Path.of("docs/redis.md")));
        assertThat(line.find()).isTrue();
        return List.of(line.group(1).split(" "));
    }

    @Test
    void every_command_of_the_scripts_is_named() throws IOException {
        List<String> rights = rights();
        Pattern call = Pattern.compile("redis\\.p?call\\('([A-Za-z]+)'");
        try (Stream<Path> scripts = Files.list(Path.of("src/main/resources/lua"))) {
            for (Path script : scripts.toList()) {
                assertThat(call.matcher(Files.readString(script))
                                .results()
                                .map(c -> "+" + c.group(1).toLowerCase(java.util.Locale.ROOT)))
                        .as("%s: name it in docs/redis.md", script)
                        .isSubsetOf(rights);
            }
        }
    }

    @Test
    void a_node_works_with_no_more() throws Exception {
        Vertx vertx = Vertx.vertx();
        try (TestRedis redis = TestRedis.start()) {
            RedisLink admin = redis.link(vertx);
            Object[] user = Stream.concat(Stream.of("SETUSER", "onpyrunner", "on", ">password"), rights().stream())
                    .toArray();
            TestRedis.send(admin, Command.ACL, user);
            // Somebody who is let in without a password must not be who we are.
            TestRedis.send(admin, Command.ACL, "SETUSER", "default", "nopass", "resetkeys");
            String url =
                    "redis://onpyrunner:password@" + redis.settings().hosts().get(0);
            try (TestNode node = TestNode.start(Map.of(
                    "redis.url", url,
                    "queue.lease_ms", "3000",
                    "runner.beat_ms", "200",
                    "webhook.url", "http://192.0.2.1/",
                    "webhook.secret", "whsec_" + "A".repeat(32)))) {
                var job = node.run(Map.of(
                        "source",
                        "import time; print('hi'); time.sleep(1); open('a', 'w').write('x')",
                        "collect",
                        List.of("a")));
                assertThat(job.path("stdout").asText()).isEqualTo("hi\n");
                assertThat(node.get(job.at("/files/0/url").asText()).body()).isEqualTo("x");
                String id = job.path("id").asText();
                assertThat(node.send(node.request("/v1/jobs/" + id + "?purge=true")
                                        .DELETE())
                                .statusCode())
                        .isEqualTo(204);
                assertThat(node.get("/v1/jobs/" + id).statusCode()).isEqualTo(410);
                String cancelled = node.submit("import time; time.sleep(20)");
                node.awaitStart(cancelled);
                node.send(node.request("/v1/jobs/" + cancelled).DELETE());
                assertThat(node.awaitEnd(cancelled).path("status").asText()).isEqualTo("CANCELLED");
                node.submit("import time; time.sleep(20)"); // given back when the node stops
            }
            assertThat(TestRedis.send(admin, Command.ACL, "LOG"))
                    .as("what was denied")
                    .isEmpty();
        } finally {
            Await.get(vertx.close());
        }
    }
}
