package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.onpyrunner.job.JobMeters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What {@code deploy/}, the Dockerfile and the pages about them say of the program is so. */
class DeployFilesTest {
    private static final Path DEPLOY = Path.of("deploy");
    /** Of the program, the image and compose.yaml, besides settings. */
    private static final Set<String> OWN = Set.of(
            "ONPY_CONFIG",
            "ONPY_HEAP_PERCENT",
            "ONPY_IMAGE",
            "ONPY_NGINX_IMAGE",
            "ONPY_REDIS_IMAGE",
            "ONPY_REDIS_PASSWORD",
            "ONPY_OPERATOR_TOKEN",
            "ONPY_RUNNER_MEMORY");

    private static final NodeConfig DEFAULTS = NodeConfig.load(null, Map.of(), Map.of());

    private static List<Path> files() throws IOException {
        try (Stream<Path> deploy = Files.walk(DEPLOY)) {
            return Stream.concat(
                            deploy.filter(Files::isRegularFile),
                            Stream.of(
                                            "Dockerfile",
                                            "docs/operate.md",
                                            "docs/scale.md",
                                            "docs/container.md",
                                            "docs/kubernetes.md")
                                    .map(Path::of))
                    .toList();
        }
    }

    private static List<JsonNode> yaml(String file) throws IOException {
        List<JsonNode> all = new ArrayList<>();
        YAMLMapper mapper = new YAMLMapper();
        try (var documents = mapper.readerFor(JsonNode.class)
                .<JsonNode>readValues(DEPLOY.resolve(file).toFile())) {
            documents.forEachRemaining(all::add);
        }
        return all;
    }

    private static JsonNode deployment(String file) throws IOException {
        return yaml(file).stream()
                .filter(d -> d.path("kind").asText().equals("Deployment"))
                .findFirst()
                .orElseThrow()
                .at("/spec/template/spec");
    }

    private static Set<String> settings() throws IOException {
        JsonNode all = JsonMapper.builder()
                .enable(JsonReadFeature.ALLOW_JAVA_COMMENTS)
                .build()
                .readTree(Path.of("conf/onpyrunner.json").toFile());
        Set<String> names = new HashSet<>();
        collect(all, "ONPY", names);
        return names;
    }

    private static void collect(JsonNode at, String name, Set<String> names) {
        if (at.isObject()) {
            at.properties()
                    .forEach(e -> collect(e.getValue(), name + "_" + e.getKey().toUpperCase(Locale.ROOT), names));
        } else {
            names.add(name);
        }
    }

    @Test
    void every_variable_is_a_setting() throws IOException {
        Set<String> settings = settings();
        for (Path file : files()) {
            Set<String> named = all(file, "\\bONPY_[A-Z_]+[A-Z]\\b");
            named.removeAll(OWN);
            assertThat(settings).as(file.toString()).containsAll(named);
        }
    }

    @Test
    void every_setting_named_in_a_page_is_one() throws IOException {
        Set<String> settings = settings();
        for (String page : List.of("operate.md", "scale.md", "kubernetes.md")) {
            Set<String> named = all(
                    Path.of("docs", page),
                    "(?<=`)(http|redis|cluster|webhook|queue|runner|limits|jobs|caps)\\.(?!(yaml|md)`)[a-z_.]+(?=`)");
            assertThat(named).as(page).isNotEmpty();
            for (String name : named) {
                String variable = "ONPY_" + name.replace('.', '_').toUpperCase(Locale.ROOT);
                assertThat(settings)
                        .as("%s names %s", page, name)
                        .anyMatch(s -> s.equals(variable) || s.startsWith(variable + "_"));
            }
        }
    }

    @Test
    void every_figure_is_one_that_a_node_tells() throws IOException {
        String told = new JobMeters().text(null);
        for (Path file : files()) {
            for (String name : all(file, "\\bonpyrunner_(queue|jobs|job|feed|webhook)_[a-z_]*[a-z]\\b")) {
                assertThat(told).as("%s names %s", file, name).contains("\n" + name);
            }
        }
        Set<String> queries = all(DEPLOY.resolve("kubernetes/autoscaling.yaml"), "(?<=query: ).+");
        assertThat(queries).isNotEmpty();
        assertThat(Files.readString(DEPLOY.resolve("alerts_test.yaml"))).contains(queries);
    }

    @Test
    void every_alert_is_explained_and_only_those() throws IOException {
        Set<String> rules = all(DEPLOY.resolve("alerts.yaml"), "(?<=alert: )\\w+");
        assertThat(rules).isNotEmpty();
        assertThat(all(Path.of("docs/operate.md"), "\\bOnPyRunner[A-Z][A-Za-z]+"))
                .isEqualTo(rules);
    }

    @Test
    void the_settings_of_kubernetes_and_compose_make_sense() throws IOException {
        Map<String, String> kubernetes =
                texts(yaml("kubernetes/settings.yaml").get(0).path("data"));
        kubernetes.put("ONPY_REDIS_URL", "redis://:x@redis");
        NodeConfig node = NodeConfig.load(null, kubernetes, Map.of("roles", "runner"));
        assertThat(node.cluster().enabled()).isTrue();
        assertThat(node.cluster().dnsName())
                .isEqualTo(
                        yaml("kubernetes/bus.yaml").get(0).at("/metadata/name").asText());

        JsonNode compose = yaml("compose.yaml").get(0);
        Map<String, String> environment = texts(compose.path("x-environment"));
        environment.replaceAll((name, value) -> value.replaceAll("\\$\\{[^}]+}", "of-at-least-16-characters"));
        NodeConfig composed = NodeConfig.load(null, environment, Map.of("roles", "http"));
        assertThat(compose.at("/services/runner/networks/inside/aliases").toString())
                .contains("\"" + composed.cluster().dnsName() + "\"");
        assertThat(compose.at("/x-http/environment/ONPY_HTTP_TRUSTED_PROXIES"))
                .isEqualTo(compose.at("/services/proxy/networks/inside/ipv4_address"));
    }

    private static Map<String, String> texts(JsonNode object) {
        Map<String, String> all = new HashMap<>();
        object.properties().forEach(e -> all.put(e.getKey(), e.getValue().asText()));
        return all;
    }

    @Test
    void a_node_has_the_time_to_stop_that_it_needs() throws IOException {
        long needed = DEFAULTS.runner().drainMs() + 10_000;
        for (String file : List.of("kubernetes/runner.yaml", "kubernetes/http.yaml")) {
            long given = deployment(file).path("terminationGracePeriodSeconds").longValue() * 1000;
            assertThat(given).as(file).isGreaterThan(file.contains("runner") ? needed : 15_000);
        }
        String grace =
                yaml("compose.yaml").get(0).at("/x-node/stop_grace_period").asText();
        assertThat(Long.parseLong(grace.replace("s", "")) * 1000).isGreaterThan(needed);
    }

    @Test
    void ports_and_paths_are_the_programs() throws IOException {
        Set<String> open = all(DEPLOY.resolve("kubernetes/network.yaml"), "(?<=port: )\\d+");
        assertThat(open)
                .contains(
                        String.valueOf(DEFAULTS.http().port()),
                        String.valueOf(DEFAULTS.cluster().port()),
                        String.valueOf(DEFAULTS.cluster().busPort()));
        String contract = Files.readString(Path.of("api/openapi.yaml"));
        for (String file : List.of("kubernetes/runner.yaml", "kubernetes/http.yaml")) {
            JsonNode container = deployment(file).at("/containers/0");
            assertThat(texts(container.path("ports").get(0)))
                    .containsEntry(
                            "containerPort", String.valueOf(DEFAULTS.http().port()));
            for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
                String path = container.path(probe).at("/httpGet/path").asText();
                assertThat(contract).as(file + " " + probe).contains("\n  " + path + ":");
            }
        }
    }

    @Test
    void the_proxy_lets_through_what_nodes_take_and_waits_as_long_as_they() throws IOException {
        String conf = Files.readString(DEPLOY.resolve("nginx.conf"));
        assertThat(number(conf, "client_max_body_size (\\d+)m;") << 20)
                .isEqualTo(DEFAULTS.caps().bodyBytes());
        assertThat(number(conf, "proxy_read_timeout (\\d+)s;"))
                .isGreaterThan(DEFAULTS.http().maxWaitS());
        String page = Files.readString(Path.of("docs/operate.md"));
        assertThat(page).contains("X-Forwarded-For");
    }

    private static long number(String text, String pattern) {
        Matcher found = Pattern.compile(pattern).matcher(text);
        assertThat(found.find()).as(pattern).isTrue();
        return Long.parseLong(found.group(1));
    }

    private static Set<String> all(Path file, String pattern) throws IOException {
        return Pattern.compile(pattern)
                .matcher(Files.readString(file))
                .results()
                .map(MatchResult::group)
                .collect(Collectors.toCollection(HashSet::new));
    }
}
