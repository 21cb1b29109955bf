package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/** Each example does what its header says, through HTTP and the real jail. {@code examples/README.md} has the format. */
@ExtendWith(TestNode.class)
class ExamplesIT {
    private static final Path FOLDER = Path.of("examples");

    private record Header(String outcome, Integer exitCode, List<String> lines, List<String> errors, String stdin) {
        static Header of(Path program) throws IOException {
            String outcome = null;
            Integer exitCode = null;
            List<String> lines = new ArrayList<>();
            List<String> errors = new ArrayList<>();
            StringBuilder stdin = new StringBuilder();
            for (String line : Files.readAllLines(program)) {
                if (!line.startsWith("#")) {
                    break;
                }
                if (line.startsWith("# Expect: ")) {
                    String[] words = line.substring("# Expect: ".length()).split(" ", -1);
                    outcome = words[0];
                    exitCode = words.length > 1 ? Integer.valueOf(words[1]) : null;
                } else if (line.startsWith("# Expect-line: ")) {
                    lines.add(line.substring("# Expect-line: ".length()));
                } else if (line.startsWith("# Expect-error: ")) {
                    errors.add(line.substring("# Expect-error: ".length()));
                } else if (line.startsWith("# Stdin: ")) {
                    stdin.append(line.substring("# Stdin: ".length())).append('\n');
                }
            }
            return new Header(outcome, exitCode, lines, errors, stdin.toString());
        }
    }

    private static List<Path> programs() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            return files.filter(f -> f.toString().endsWith(".py")).sorted().toList();
        }
    }

    @Test
    void there_are_ten() throws IOException {
        assertThat(programs()).hasSize(10);
    }

    @TestFactory
    Stream<DynamicTest> does_what_its_header_says(TestNode node) throws IOException {
        return programs().stream()
                .map(program -> DynamicTest.dynamicTest(program.getFileName().toString(), () -> check(program, node)));
    }

    private static void check(Path program, TestNode node) throws IOException, InterruptedException {
        Header expected = Header.of(program);
        assertThat(expected.outcome()).as("the header's outcome").isNotNull();
        // Less CPU time than usual, so that even a busy machine gives it before the time on the clock is over.
        JsonNode job = node.run(Map.of(
                "source", Files.readString(program), "stdin", expected.stdin(), "limits", Map.of("cpu_ms", 2_000)));
        assertThat(job.get("status").textValue()).isEqualTo("DONE");
        assertThat(job.get("outcome").textValue()).isEqualTo(expected.outcome());
        if (expected.exitCode() != null) {
            assertThat(job.get("exit_code").intValue()).isEqualTo(expected.exitCode());
        }
        List<String> printed = job.get("stdout").textValue().lines().toList();
        assertThat(expected.lines()).allSatisfy(line -> assertThat(printed).contains(line));
        assertThat(expected.errors())
                .allSatisfy(error -> assertThat(job.get("stderr").textValue()).contains(error));
        if (expected.outcome().equals("OK") && expected.errors().isEmpty()) {
            assertThat(job.get("stderr").textValue()).isEmpty();
        }
    }
}
