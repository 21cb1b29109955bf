package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.onpyrunner.NodeConfig.ConfigException;
import dev.onpyrunner.NodeConfig.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodeConfigTest {
    private static final Map<String, String> NONE = Map.of();

    @TempDir
    Path folder;

    private Path file(String json) throws IOException {
        return Files.writeString(folder.resolve("settings.json"), json);
    }

    private static NodeConfig env(String name, String value) {
        return NodeConfig.load(null, Map.of(name, value), NONE);
    }

    @Test
    void the_defaults_are_what_the_file_in_conf_says() {
        NodeConfig defaults = NodeConfig.load(null, NONE, NONE);
        assertThat(defaults).isEqualTo(NodeConfig.load(Path.of("conf", "onpyrunner.json"), NONE, NONE));
        assertThat(defaults.http().host()).isEqualTo("127.0.0.1");
        assertThat(defaults.http().port()).isEqualTo(8080);
        assertThat(defaults.roles()).containsExactlyInAnyOrder(Role.HTTP, Role.RUNNER);
        assertThat(defaults.redis().isEmbedded()).isTrue();
        assertThat(defaults.queue().leaseMs()).isEqualTo(10_000);
        assertThat(defaults.limits().standard().cpuMs()).isEqualTo(5_000);
        assertThat(defaults.limits().maximum().memoryBytes()).isEqualTo(1L << 30);
        assertThat(defaults.caps().settings()).isNotNull();
        assertThat(defaults.jobs().maxStarts()).isEqualTo(10);
    }

    @Test
    void a_flag_goes_before_the_environment_before_the_file_before_the_defaults() throws IOException {
        Path file = file("{\"http\": {\"port\": 1, \"host\": \"::1\", \"max_wait_s\": 1}} // mine");
        Map<String, String> env = Map.of("ONPY_HTTP_PORT", "2", "ONPY_HTTP_MAX_WAIT_S", "2");
        NodeConfig config = NodeConfig.load(file, env, Map.of("http.port", "3"));
        assertThat(List.<Object>of(
                        config.http().host(),
                        config.http().port(),
                        config.http().maxWaitS()))
                .containsExactly("::1", 3, 2);
        assertThat(config.queue()).isEqualTo(NodeConfig.load(null, NONE, NONE).queue());
    }

    @Test
    void the_environment_may_name_the_file() throws IOException {
        Path file = file("{\"runner\": {\"slots\": 3}}");
        assertThat(env("ONPY_CONFIG", file.toString()).runner().slots()).isEqualTo(3);
        Path other = Files.writeString(folder.resolve("other.json"), "{\"runner\": {\"slots\": 4}}");
        assertThat(NodeConfig.load(other, Map.of("ONPY_CONFIG", file.toString()), NONE)
                        .runner()
                        .slots())
                .isEqualTo(4);
    }

    @Test
    void variables_that_name_no_setting_do_not_matter() {
        assertThat(env("ONPY_LOG_LEVEL", "DEBUG")).isEqualTo(NodeConfig.load(null, NONE, NONE));
        assertThat(env("HTTP_PORT", "1")).isEqualTo(NodeConfig.load(null, NONE, NONE));
    }

    @Test
    void roles_are_a_list() throws IOException {
        assertThat(env("ONPY_ROLES", "runner").roles()).containsExactly(Role.RUNNER);
        assertThat(env("ONPY_ROLES", "http, runner").roles()).hasSize(2);
        assertThat(NodeConfig.load(file("{\"roles\": [\"http\"]}"), NONE, NONE).roles())
                .containsExactly(Role.HTTP);
        assertThat(NodeConfig.load(null, NONE, Map.of("roles", "RUNNER")).roles())
                .containsExactly(Role.RUNNER);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"htttp\": {}} | There is no setting 'htttp'",
                "{\"http\": {\"prot\": 1}} | There is no setting 'http.prot'",
                "{\"limits\": {\"maximum\": {\"cpu\": 1}}} | There is no setting 'limits.maximum.cpu'",
                "{\"http\": 8080} | The setting 'http' must be an object",
                "{\"http\": {\"port\": \"80\"}} | The setting 'http.port' is wrong",
                "{\"http\": {\"port\": 80.5}} | The setting 'http.port' is wrong",
                "{\"http\": {\"allowed_origins\": [\"https://a.b/\"]}} | The setting 'http' is wrong: allowed_origins must be",
                "{\"runner\": {\"interactive_slots\": -2}} | The setting 'runner' is wrong: interactive_slots must be",
                "{\"http\": {\"port\": null}} | The setting 'http.port' must not be null",
                "{\"http\": {\"port\": {}}} | The setting 'http.port' is wrong",
                "{\"http\": {\"port\": 99999999999}} | The setting 'http.port' is wrong",
                "{\"cluster\": {\"members\": [\"a b\"]}} | The setting 'cluster' is wrong: members must be like",
                "{\"cluster\": {\"members\": [\"a:99999\"]}} | The setting 'cluster' is wrong: members must be like",
                "{\"cluster\": {\"members\": [\"a:0\"]}} | The setting 'cluster' is wrong: members must be like",
                "{\"cluster\": {\"bus_port\": 5701}} | The setting 'cluster' is wrong: port and bus_port must not be the same",
                "{\"cluster\": {\"port\": 0}} | The setting 'cluster' is wrong: port must be",
                "{\"cluster\": {\"bus_port\": 70000}} | The setting 'cluster' is wrong: bus_port must be",
                "{\"cluster\": {\"host\": \"\"}} | The setting 'cluster' is wrong: name and host must not be empty",
                "{\"cluster\": {\"members\": [\"a\"], \"dns_name\": \"b\"}} | members or dns_name, not both",
                "{\"cluster\": {\"members\": [\"127.0.0.1:5703\"]}} | The setting 'cluster' is wrong: enabled must be true",
                "{\"cluster\": {\"enabled\": true, \"members\": [\"10.0.0.7\"]}} | host must be an address at which",
                "{\"cluster\": {\"enabled\": true, \"dns_name\": \"nodes\"}} | host must be an address at which",
                "{\"runner\": {\"zygote\": {\"max_copies\": 0}}} | max_copies and max_age_ms must be",
                "{\"runner\": {\"isolation\": \"none\"}} | The setting 'runner.isolation' is wrong",
                "{\"cluster\": {\"tls\": {\"ca\": \"x\"}}} | The setting 'cluster.tls' is wrong: certificate, key and ca",
                "{\"webhook\": {\"url\": \"ftp://x/\"}} | The setting 'webhook' is wrong: url must begin with https",
                "{\"webhook\": {\"url\": \"https://a:b@x/\"}} | url must not hold a password",
                "{\"webhook\": {\"url\": \"https://x/\"}} | secret must be 'whsec_' and at least 24 random bytes",
                "{\"webhook\": {\"at_once\": 0}} | The setting 'webhook' is wrong: timeout_ms and attempts must be positive",
                "{\"dependencies\": {\"enabled\": true}} | The setting 'dependencies' is wrong: allowed must name packages",
                "{\"dependencies\": {\"allowed\": [\"a b\"]}} | allowed has 'a b', which is no name of a package",
                "{\"dependencies\": {\"index\": \"wheels\"}} | The setting 'dependencies' is wrong: index must begin with",
                "{\"dependencies\": {\"max_bytes\": 0}} | timeout_ms, max_packages, max_bytes, max_age_s and cache_bytes must be",
                "{\"bridge\": {\"enabled\": true}} | The setting 'bridge' is wrong: secret must be at least 16 characters",
                "{\"bridge\": {\"port\": -1}} | The setting 'bridge' is wrong: port must be",
                "{\"verticles\": [{}]} | The setting 'verticles' is wrong: a verticle has a name",
                "{\"verticles\": [{\"name\": \"a:b\", \"count\": 1}]} | a verticle has name, instances and config, not 'count'",
                "{\"verticles\": [{\"name\": \"a:b\", \"instances\": 0}]} | instances must be 1 to 100, not 0",
                "{\"verticles\": [\"a:b\"]} | The setting 'verticles' is wrong",
                "{\"queue\": {\"lease_ms\": true}} | The setting 'queue.lease_ms' is wrong",
                "{\"limits\": {\"default\": {\"cpu_ms\": \"1s\"}}} | The setting 'limits.default.cpu_ms' is wrong",
                "{\"limits\": {\"default\": {\"cpu_ms\": 0}}} | The setting 'limits.default' is wrong: cpu_ms must be",
                "{\"redis\": {\"url\": \"http://x\"}} | The setting 'redis' is wrong: url must be",
                "{\"http\": {\"tls\": {\"key\": \"a\"}}} | The setting 'http.tls' is wrong: certificate and key must be given together",
                "{\"redis\": {\"tls\": {\"key\": \"a\"}}} | The setting 'redis.tls' is wrong: certificate and key must be given together",
                "{\"redis\": {\"url\": \"redis://a\", \"tls\": {\"ca\": \"a\"}}} | The setting 'redis' is wrong: tls is for a url",
                "{\"redis\": {\"url\": null}} | The setting 'redis.url' must not be null",
                "{\"data_dir\": null} | The setting 'data_dir' must not be null",
                "{\"roles\": [\"boss\"]} | The setting 'roles' is wrong: it must be one of [http, runner], not 'boss'",
                "{\"roles\": \"http\"} | The setting 'roles' is wrong: it must be a list",
                "{\"roles\": []} | roles must name http, runner or both",
                "{\"queue\": {\"partitions\": 0}} | The setting 'queue' is wrong: partitions must be",
                "{\"queue\": {\"prefix\": \"a b\"}} | The setting 'queue' is wrong: prefix must be",
                "{\"queue\": {\"lease_ms\": 100}} | queue.lease_ms must be at least three times runner.beat_ms",
                "[] | must hold one JSON object",
                "{\"http\": {} | is not JSON",
                "{} {} | is not JSON"
            })
    void what_is_wrong_in_the_file_is_said_with_its_path(String json, String said) throws IOException {
        Path file = file(json);
        assertThatThrownBy(() -> NodeConfig.load(file, NONE, NONE))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(said)
                .message()
                .doesNotContain("''")
                .doesNotContain("dev.onpyrunner");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ONPY_HTTP_PORT | eighty | ONPY_HTTP_PORT must be a whole number, not 'eighty'",
                "ONPY_HTTP_PORT | 99999999999 | The setting 'http.port' is wrong",
                "ONPY_HTTP_PORT | '' | ONPY_HTTP_PORT must be a whole number, not ''",
                "ONPY_CLUSTER_ENABLED | yes | ONPY_CLUSTER_ENABLED must be true or false, not 'yes'",
                "ONPY_ROLES | boss | must be one of [http, runner], not 'boss'",
                "ONPY_ROLES | '' | The setting 'roles' is wrong",
                "ONPY_LOG | loud | The setting 'log' is wrong: it must be one of [text, json]",
                "ONPY_CONFIG | /no/such/file | cannot be read"
            })
    void what_is_wrong_in_the_environment_is_said(String name, String value, String said) {
        assertThatThrownBy(() -> env(name, value))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(said);
    }

    @Test
    void a_password_is_never_shown() {
        NodeConfig config = env("ONPY_REDIS_URL", "redis://:s3cret@example.org:6379");
        assertThat(config.redis().url()).contains("s3cret");
        assertThat(config.toString()).contains("example.org").doesNotContain("s3cret");
        assertThat(config.summary()).contains("example.org").doesNotContain("s3cret");
        assertThatThrownBy(() -> env("ONPY_REDIS_URL", "http://:s3cret@example.org"))
                .message()
                .doesNotContain("s3cret");
    }

    @Test
    void no_slots_said_means_one_for_each_core() {
        assertThat(NodeConfig.load(null, NONE, NONE).runner().slotsOrCores())
                .isEqualTo(Runtime.getRuntime().availableProcessors());
        assertThat(env("ONPY_RUNNER_SLOTS", "3").runner().slotsOrCores()).isEqualTo(3);
    }
}
