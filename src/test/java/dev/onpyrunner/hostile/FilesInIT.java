package dev.onpyrunner.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.TestNode;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** See {@link HostileFamily}. */
class FilesInIT extends HostileFamily {
    FilesInIT() {
        super("files_in");
    }

    /** Each is as large as the caps allow, and together they are more than the kernel hands to a program. */
    @Test
    void more_variables_than_a_program_can_take_are_not_the_systems_failure(TestNode node) throws Exception {
        Map<String, String> variables = new HashMap<>(Map.of("PYTHONHASHSEED", "0"));
        for (int i = 0; i < 100; i++) {
            variables.put("V" + i, "x".repeat(32_000));
        }
        var response = node.post("?wait=25", Map.of("source", "print('here')", "env", variables));
        JsonNode answer = TestNode.JSON.readTree(response.body());
        if (response.statusCode() == 200) {
            assertThat(answer.path("status").asText()).as("%s", answer).isEqualTo("DONE");
        } else {
            assertThat(response.statusCode()).as("%s", answer).isIn(413, 422);
        }
    }
}
