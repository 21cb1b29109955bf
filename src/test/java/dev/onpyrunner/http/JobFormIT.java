package dev.onpyrunner.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.TestNode;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A job as a form, as curl sends it. */
@ExtendWith(TestNode.class)
@Timeout(60)
class JobFormIT {
    private static final String PROGRAM = """
            import os, sys
            for path in "data.csv", "deep/er.bin":
                print(open(path, "rb").read())
            print(sys.stdin.buffer.read(), sys.argv[1:], os.environ["KEY"])
            open("out.txt", "w").write("x")
            """;

    /** A part as curl writes it; its bytes as characters. */
    private static String part(String disposition, String content) {
        return "--edge\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + content + "\r\n";
    }

    private static String field(String name, String content) {
        return part("name=\"" + name + "\"", content);
    }

    private static String file(String name, String fileName, String content) {
        return part(
                "name=\"" + name + "\"; filename=\"" + fileName + "\"\r\nContent-Type: application/octet-stream",
                content);
    }

    private static HttpResponse<String> post(TestNode node, String... parts) throws Exception {
        return send(node, "multipart/form-data; boundary=edge", String.join("", parts) + "--edge--\r\n");
    }

    private static HttpResponse<String> send(TestNode node, String type, String body) throws Exception {
        return node.send(node.request("/v1/jobs?wait=20")
                .header("Content-Type", type)
                .POST(BodyPublishers.ofString(body, ISO_8859_1)));
    }

    private static JsonNode json(HttpResponse<String> response) throws Exception {
        return TestNode.JSON.readTree(response.body());
    }

    private static List<String> pointers(HttpResponse<String> response) throws Exception {
        List<String> pointers = new ArrayList<>();
        json(response).get("errors").forEach(e -> pointers.add(e.get("pointer").asText()));
        return pointers;
    }

    @Test
    void every_field_arrives_and_files_byte_for_byte(TestNode node) throws Exception {
        HttpResponse<String> response = post(
                node,
                file("source", "main.py", PROGRAM),
                file("file", "data.csv", "a\r\nb"),
                file("file", "deep/er.bin", "\u0000\u00ff--edge"),
                field("stdin", "caf\u00c3\u00a9"),
                field("args", "one"),
                field("args", "[2]"),
                field("env", "{\"KEY\": \"value\"}"),
                field("limits", "{\"cpu_ms\": 2000}"),
                field("collect", "*.txt"),
                field("retention_s", "60"));
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        JsonNode job = json(response);
        assertThat(job.get("stdout").asText())
                .isEqualTo("b'a\\r\\nb'\nb'\\x00\\xff--edge'\nb'caf\\xc3\\xa9' ['one', '[2]'] value\n");
        assertThat(job.at("/limits/cpu_ms").asInt()).isEqualTo(2000);
        assertThat(job.at("/files/0/path").asText()).isEqualTo("out.txt");
    }

    @Test
    void what_is_wrong_is_told_as_of_json(TestNode node) throws Exception {
        HttpResponse<String> response = post(
                node,
                field("source", "1"),
                field("source", "2"),
                field("file", "no name"),
                file("file", "../x", "1"),
                field("limits", "{\"cpu_ms\": 0}"),
                field("env", "KEY=value"),
                field("priority", "8"),
                field("sorce", "1"));
        assertThat(response.statusCode()).isEqualTo(422);
        assertThat(pointers(response))
                .containsExactlyInAnyOrder(
                        "/source", "/files", "/files/0/path", "/limits/cpu_ms", "/env", "/priority", "/sorce");
        HttpResponse<String> large = post(node, field("source", "1"), file("file", "a", "x".repeat(9 << 20)));
        assertThat(large.statusCode()).isEqualTo(413);
        assertThat(pointers(large)).containsExactly("/files");
    }

    @Test
    void what_is_no_form_is_refused_and_nothing_is_left_of_any(TestNode node) throws Exception {
        for (String type :
                List.of("multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=x")) {
            assertThat(send(node, type, field("source", "1") + "--edge--\r\n").statusCode())
                    .as(type)
                    .isIn(400, 422);
        }
        for (String body : List.of(
                "",
                "--edge",
                "--edge\r\n\r\n",
                "--edge\r\nContent-Disposition: form-data\r\n\r\nx\r\n--edge--\r\n",
                "--edge\r\nContent-Disposition: attachment; filename=x\r\n\r\nx\r\n--edge--\r\n",
                "--edge\r\nContent-Disposition: form-data; name=\"source\"\r\n\r\nnot ended",
                field("source", "1")
                        + "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx",
                "--edge\r\nContent-Disposition: form-data; name=\"file\"; file;e=\"a\"\r\n\r\nx\r\n--edge--\r\n",
                "--edge\r\n" + "A: b\r\n".repeat(100_000),
                field("args", "x").repeat(1_000) + "--edge--\r\n")) {
            HttpResponse<String> response = send(node, "multipart/form-data; boundary=edge", body);
            assertThat(response.statusCode())
                    .as("%s", body.substring(0, Math.min(90, body.length())))
                    .isIn(400, 413, 422);
        }
        try (Stream<Path> files = Files.list(Path.of(""))) {
            assertThat(files.map(Path::toString)).doesNotContain("file-uploads");
        }
    }
}
