package dev.onpyrunner.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.onpyrunner.Await;
import dev.onpyrunner.TestNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Runs the hostile programs of one family, through HTTP and the real jail.
 *
 * <p>Each must end as its header says; the healthy program right after it must be well; the job beside it must not
 * notice; and nothing may be left: after each program no process, after the family nothing at all.
 */
@ExtendWith(TestNode.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class HostileFamily {
    /** Limits of the kind that end a program may be exceeded by that much on a busy machine. */
    private static final long LATE_MS = 500;

    private static final String ENTRY = "main.py";
    private static final int STEADY_LOOKS = 20;

    private final String family;
    private Map<String, String> places;
    private Set<Integer> users;
    private Traces before;
    private Neighbour neighbour;

    HostileFamily(String family) {
        this.family = family;
    }

    @BeforeAll
    void settle(TestNode node) throws Exception {
        for (int i = 0; i < 3; i++) {
            checkHealthyProgram("settling " + i, null, node);
        }
        places = Map.of(
                "@HTTP_PORT@", String.valueOf(node.uri("/").getPort()),
                "@REDIS_PORT@",
                        String.valueOf(URI.create(node.node().redis().url()).getPort()));
        awaitSteadyProcesses();
        users = Traces.seenUsers();
        before = Traces.look(users);
        neighbour = new Neighbour(node);
    }

    /** What is there when nothing changes any more: slots may make themselves ready for the next job. */
    private static void awaitSteadyProcesses() {
        int[] looks = {0};
        int[] count = {-1};
        Await.value("a steady number of processes", () -> Traces.seenProcesses(Set.of()), seen -> {
            looks[0] = seen.size() == count[0] ? looks[0] + 1 : 0;
            count[0] = seen.size();
            return looks[0] == STEADY_LOOKS;
        });
    }

    @TestFactory
    Stream<DynamicTest> is_held(TestNode node) {
        return HostileProgram.family(family).stream()
                .map(program -> DynamicTest.dynamicTest(program.toString(), () -> checkNamed(program, node)));
    }

    /** A report of tests shows only the number of such a test. */
    private void checkNamed(HostileProgram program, TestNode node) throws Exception {
        try {
            check(program, node);
        } catch (AssertionError e) {
            throw new AssertionError(program.name() + ": " + e.getMessage(), e);
        }
    }

    private void check(HostileProgram program, TestNode node) throws Exception {
        for (HostileProgram.Refused refused : program.refused()) {
            checkRefused(refused, node);
        }
        JsonNode job = TestNode.JSON.readTree(
                node.post("?wait=25", text(program.request(places))).body());
        checkEnd(program, job);
        checkOutput(program, job);
        checkFiles(program, job, node);
        checkHealthyProgram(program.name(), program.one("After-peak"), node);
        Await.value(
                "no process is left of " + program.name(),
                () -> Traces.seenProcesses(users),
                seen -> seen.size() <= before.processes().size() + Neighbour.PROCESSES);
    }

    /** As JSON in plain ASCII: bodies may have halves of characters, which no other text can carry. */
    private static String text(ObjectNode body) throws IOException {
        return TestNode.JSON.writer().with(JsonWriteFeature.ESCAPE_NON_ASCII).writeValueAsString(body);
    }

    private static void checkRefused(HostileProgram.Refused refused, TestNode node) throws Exception {
        HttpResponse<String> response = node.post("", text(refused.body()));
        assertThat(response.statusCode()).as("%s: %s", refused, response.body()).isEqualTo(422);
        assertThat(TestNode.JSON.readTree(response.body()).path("errors"))
                .as("%s", refused)
                .anyMatch(e -> e.path("pointer").asText().startsWith(refused.pointer()));
    }

    private static void checkEnd(HostileProgram program, JsonNode job) {
        assertThat(program.expects(job))
                .as("expected %s, and it ended: %s", program.one("Expect"), job)
                .isTrue();
        assertThat(job.path("message").asText()).isNotBlank();
        String outcome = job.path("outcome").asText();
        Set<String> allowed = new HashSet<>(program.all("Expect-hit"));
        allowed.addAll(program.all("May-hit"));
        switch (outcome) {
            case "CPU_LIMIT" -> {
                allowed.add("cpu");
                long limit = job.path("limits").path("cpu_ms").asLong();
                assertThat(job.path("usage").path("cpu_ms").asLong()).isBetween(limit, limit + LATE_MS);
            }
            case "WALL_LIMIT" -> {
                allowed.add("wall");
                long limit = job.path("limits").path("wall_ms").asLong();
                assertThat(job.path("usage").path("wall_ms").asLong()).isBetween(limit, limit + LATE_MS);
            }
            case "MEMORY_LIMIT" -> allowed.add("memory");
            case "OUTPUT_LIMIT" -> allowed.addAll(List.of("stdout", "stderr"));
            default -> {}
        }
        assertThat(job.path("limits_hit"))
                .extracting(JsonNode::textValue)
                .containsAll(program.all("Expect-hit"))
                .isSubsetOf(allowed);
    }

    private static void checkOutput(HostileProgram program, JsonNode job) {
        String stdout = job.path("stdout").asText();
        String stderr = job.path("stderr").asText();
        List<String> printed = stdout.lines().toList();
        assertThat(printed).noneMatch(l -> l.startsWith("got through: ") || l.startsWith("unclear: "));
        assertThat(printed).as("stderr: %s", stderr).containsAll(program.all("Expect-line"));
        assertThat(program.all("Expect-error"))
                .allSatisfy(e -> assertThat(stderr).contains(e));
        assertThat(program.all("Expect-no"))
                .allSatisfy(n -> assertThat(stdout + stderr).doesNotContain(n));
        if (program.one("Expect-bytes") != null) {
            assertThat(job.path("stdout_bytes").asText()).isEqualTo(program.one("Expect-bytes"));
        }
        if (job.path("outcome").asText().equals("OK")
                && program.all("Expect-error").isEmpty()
                && program.one("Stderr") == null) {
            assertThat(stderr).isEmpty();
        }
    }

    private static void checkFiles(HostileProgram program, JsonNode job, TestNode node) throws Exception {
        Set<String> missing = new HashSet<>();
        program.all("Expect-file").forEach(f -> missing.add(f.substring(0, f.indexOf('='))));
        for (JsonNode file : job.path("files")) {
            String path = file.path("path").asText();
            boolean allowed =
                    missing.remove(path) || program.all("May-file").stream().anyMatch(glob -> matches(glob, path));
            assertThat(allowed).as("it handed back %s", path).isTrue();
            HttpResponse<byte[]> response = node.http()
                    .send(
                            node.request(file.path("url").asText()).GET().build(),
                            HttpResponse.BodyHandlers.ofByteArray());
            assertThat(response.statusCode()).as(path).isEqualTo(200);
            assertThat(response.body()).as(path).hasSize(file.path("size_bytes").asInt());
            String content = new String(response.body(), StandardCharsets.ISO_8859_1);
            if (!path.equals(ENTRY)) { // the program has its own header in it
                assertThat(program.all("Expect-no"))
                        .allSatisfy(n -> assertThat(content).as(path).doesNotContain(n));
            }
            assertThat(program.all("Expect-file"))
                    .filteredOn(f -> f.startsWith(path + "="))
                    .allSatisfy(f -> assertThat(path + "=" + content).isEqualTo(f));
        }
        assertThat(missing).as("files that it should have handed back").isEmpty();
    }

    private static boolean matches(String glob, String path) {
        return FileSystems.getDefault().getPathMatcher("glob:" + glob).matches(Path.of(path));
    }

    /** The next job on this node: unique input, right answer. */
    private static void checkHealthyProgram(String after, String maxPeakBytes, TestNode node)
            throws IOException, InterruptedException {
        String word = "after " + after + " " + System.nanoTime();
        JsonNode job = node.run(Map.of("source", "print('hello', input())", "stdin", word));
        assertThat(job.path("outcome").asText()).as("%s", job).isEqualTo("OK");
        assertThat(job.path("stdout").asText()).isEqualTo("hello " + word + "\n");
        assertThat(job.path("stderr").asText()).isEmpty();
        assertThat(job.path("limits_hit")).isEmpty();
        if (maxPeakBytes != null) {
            assertThat(job.path("usage").path("memory_peak_bytes").asLong()).isLessThan(Long.parseLong(maxPeakBytes));
        }
    }

    @AfterAll
    void leaves_nothing() throws Exception {
        neighbour.end();
        Traces after = Await.value(
                "as little is left as there was before: " + before,
                () -> Traces.look(users),
                seen -> seen.processes().size() <= before.processes().size()
                        && seen.files().size() <= before.files().size());
        assertThat(after.state()).isEqualTo(before.state());
    }
}
