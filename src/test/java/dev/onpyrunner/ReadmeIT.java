package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the README shows is what one gets. */
@ExtendWith(TestNode.class)
class ReadmeIT {
    @Test
    void the_curl_example_gives_what_is_printed_below_it(TestNode node) throws Exception {
        String readme = Files.readString(Path.of("README.md"));
        Matcher example = Pattern.compile("localhost:8080(/v1/jobs\\?wait=5)'\n```\n```json\n(.*?)```", Pattern.DOTALL)
                .matcher(readme);
        assertThat(example.find()).isTrue();
        JsonNode shown = TestNode.JSON.readTree(example.group(2));
        JsonNode got = TestNode.JSON.readTree(node.send(node.request(example.group(1))
                        .header("Content-Type", "text/x-python")
                        .POST(HttpRequest.BodyPublishers.ofFile(Path.of("examples/hello.py"))))
                .body());
        assertThat(got.fieldNames()).toIterable().containsExactlyElementsOf(() -> shown.fieldNames());
        for (String field : new String[] {"status", "outcome", "exit_code", "message", "limits", "starts", "stderr"}) {
            assertThat(got.get(field)).as(field).isEqualTo(shown.get(field));
        }
        assertThat(got.get("usage").fieldNames())
                .toIterable()
                .containsExactlyElementsOf(() -> shown.get("usage").fieldNames());
    }
}
