package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The file that says who has asked for what. */
@Timeout(90)
class AuditIT {
    private static final String TOKEN = "the operator of a test";

    @TempDir
    private Path folder;

    private static HttpResponse<String> send(
            ServeProcess node, String method, String path, String body, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(node.url() + path))
                .header("Content-Type", "text/x-python")
                .header("X-Request-Id", method + "-of-a-test")
                .method(method, BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofString());
    }

    @Test
    void what_changes_something_and_who_was_refused_has_a_line_without_program_or_whole_id() throws Exception {
        Path file = folder.resolve("audit.jsonl");
        Map<String, String> settings =
                Map.of("ONPY_AUDIT", file.toString(), "ONPY_ROLES", "http", "ONPY_HTTP_OPERATOR_TOKEN", TOKEN);
        String location;
        try (ServeProcess node = ServeProcess.start(folder.resolve("data"), settings)) {
            location = send(node, "POST", "/v1/jobs?token=hidden", "print('a secret')")
                    .headers()
                    .firstValue("Location")
                    .orElseThrow();
            send(node, "GET", location, "");
            send(node, "DELETE", location, "");
            send(node, "GET", "/v1/nodes", "");
            send(node, "DELETE", "/v1/nodes/none/drain", "", "Authorization", "Bearer " + TOKEN);
            Await.until("four lines", () -> Files.readAllLines(file).size() >= 4);
        }
        String id = location.substring("/v1/jobs/".length());
        String begin = id.substring(0, 10);
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            assertThat(line)
                    .doesNotContain("secret")
                    .doesNotContain("hidden")
                    .doesNotContain(TOKEN)
                    .doesNotContain(id);
            lines.add(TestNode.JSON.readTree(line));
        }
        assertThat(lines).hasSize(4).allSatisfy(l -> {
            assertThat(l.get("at").textValue()).matches("20[0-9-]+T[0-9:.]+Z");
            assertThat(l.get("client").textValue()).isEqualTo("ip:127.0.0.1");
            assertThat(l.get("request").textValue()).isEqualTo(l.get("method").textValue() + "-of-a-test");
        });
        // As docs/keys.md shows a line, but for the key.
        String shown = Files.readAllLines(Path.of("docs/keys.md")).stream()
                .filter(l -> l.startsWith("{\"at\""))
                .findFirst()
                .orElseThrow();
        List<String> names = new ArrayList<>();
        TestNode.JSON.readTree(shown).fieldNames().forEachRemaining(names::add);
        names.remove("key");
        assertThat(lines.get(0).fieldNames()).toIterable().containsExactlyElementsOf(names);
        assertThat(lines.get(0).get("path").textValue()).isEqualTo("/v1/jobs");
        assertThat(lines.get(0).get("job").textValue()).isEqualTo(begin);
        assertThat(lines.get(1).get("path").textValue()).isEqualTo("/v1/jobs/" + begin);
        assertThat(lines.stream().map(l -> l.get("status").intValue())).containsExactly(202, 200, 401, 404);
        assertThat(lines.stream().map(l -> l.has("operator"))).containsExactly(false, false, false, true);
        assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
    }

    @Test
    void a_file_that_cannot_be_written_is_told_at_the_start() throws Exception {
        ProcessBuilder builder =
                ServeProcess.command("serve", "--data", folder.toString()).redirectErrorStream(true);
        builder.environment()
                .put("ONPY_AUDIT", folder.resolve("none/audit.jsonl").toString());
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isEqualTo(2);
        assertThat(said).contains("The setting 'audit' is wrong").doesNotContain("\tat ");
    }
}
