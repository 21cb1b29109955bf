package dev.onpyrunner.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.TestNode;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Jobs that are posted together, and what is expected of them. */
@ExtendWith(TestNode.class)
@Timeout(90)
class BatchRoutesIT {
    private static final Map<String, ?> SLEEPER =
            Map.of("source", "import time; time.sleep(60)", "limits", Map.of("wall_ms", 60_000));

    private static HttpResponse<String> post(TestNode node, String path, Object body, String... headers)
            throws Exception {
        var request = node.request(path)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(TestNode.JSON.writeValueAsString(body)));
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return node.send(request);
    }

    private static JsonNode json(HttpResponse<String> response) throws Exception {
        return TestNode.JSON.readTree(response.body());
    }

    private static JsonNode errors(HttpResponse<String> response) throws Exception {
        assertThat(response.statusCode()).isEqualTo(422);
        return json(response).get("errors");
    }

    private static Map<String, ?> doubling(List<Integer> numbers, int wrong) {
        List<Map<String, ?>> cases = new ArrayList<>();
        for (int n : numbers) {
            String expected = String.valueOf(n == wrong ? 0 : 2 * n);
            cases.add(Map.of("stdin", n + "\n", "expect", Map.of("stdout", expected)));
        }
        return Map.of(
                "program",
                Map.of("source", "print(2 * int(input()))", "limits", Map.of("cpu_ms", 3_000)),
                "cases",
                cases);
    }

    @Test
    void one_program_is_run_with_each_input_and_its_output_compared(TestNode node) throws Exception {
        Map<String, ?> request = doubling(IntStream.range(0, 12).boxed().toList(), 7);
        HttpResponse<String> response = post(node, "/v1/jobs:batch?wait=60", request);
        assertThat(response.statusCode()).isEqualTo(200);
        JsonNode batch = json(response);
        assertThat(batch.get("ended").booleanValue()).isTrue();
        assertThat(batch.at("/counts/done").intValue()).isEqualTo(12);
        assertThat(batch.at("/counts/matched").intValue()).isEqualTo(11);
        for (int i = 0; i < 12; i++) {
            JsonNode entry = batch.get("jobs").get(i);
            assertThat(entry.get("index").intValue()).isEqualTo(i);
            assertThat(entry.get("matched").booleanValue()).as("case " + i).isEqualTo(i != 7);
            JsonNode job = TestNode.JSON.readTree(
                    node.get("/v1/jobs/" + entry.get("id").textValue()).body());
            assertThat(job.get("stdout").textValue()).isEqualTo(2 * i + "\n");
            assertThat(job.get("matched")).isEqualTo(entry.get("matched"));
            assertThat(job.at("/limits/cpu_ms").intValue()).isEqualTo(3_000);
        }
        String self = batch.at("/links/self").textValue();
        assertThat(response.headers().firstValue("Location")).contains(self);
        assertThat(json(node.get(self))).isEqualTo(batch);
        HttpResponse<String> events = node.get(self + "/events");
        assertThat(events.headers().firstValue("Content-Type")).contains("text/event-stream");
        List<String> data =
                events.body().lines().filter(l -> l.startsWith("data: ")).toList();
        assertThat(data).hasSize(13);
        assertThat(events.body()).contains("event: end\n");
        assertThat(TestNode.JSON.readTree(data.get(12).substring(6)).get("counts"))
                .isEqualTo(batch.get("counts"));
    }

    @Test
    void the_end_of_each_is_told_as_it_comes(TestNode node) throws Exception {
        JsonNode batch = json(post(
                node,
                "/v1/batches",
                Map.of("jobs", List.of(SLEEPER, Map.of("source", "print(1)"), Map.of("source", "")))));
        String self = batch.at("/links/self").textValue();
        var lines = node.http()
                .send(node.request(self + "/events").build(), HttpResponse.BodyHandlers.ofLines())
                .body()
                .filter(l -> l.startsWith("data: "))
                .iterator();
        List<Integer> quick = List.of(
                TestNode.JSON.readTree(lines.next().substring(6)).get("index").intValue(),
                TestNode.JSON.readTree(lines.next().substring(6)).get("index").intValue());
        assertThat(quick).containsExactlyInAnyOrder(1, 2);
        HttpResponse<String> cancelled = node.send(node.request(self).DELETE());
        assertThat(cancelled.statusCode()).isEqualTo(202);
        JsonNode first = TestNode.JSON.readTree(lines.next().substring(6));
        assertThat(first.get("index").intValue()).isZero();
        assertThat(first.get("status").textValue()).isEqualTo("CANCELLED");
        JsonNode end = TestNode.JSON.readTree(lines.next().substring(6));
        assertThat(end.at("/counts/cancelled").intValue()).isOne();
        assertThat(lines.hasNext()).isFalse();
        assertThat(node.send(node.request(self).DELETE()).statusCode()).isEqualTo(200);
    }

    @Test
    void a_repeat_with_the_same_key_is_the_same_batch(TestNode node) throws Exception {
        Map<String, ?> request = doubling(List.of(1, 2, 3), -1);
        JsonNode first = json(post(node, "/v1/batches?wait=60", request, "Idempotency-Key", "batch of three"));
        JsonNode again = json(post(node, "/v1/batches?wait=60", request, "Idempotency-Key", "batch of three"));
        assertThat(again).isEqualTo(first);
        HttpResponse<String> other =
                post(node, "/v1/batches", doubling(List.of(5), -1), "Idempotency-Key", "batch of three");
        assertThat(other.statusCode()).isEqualTo(422);
    }

    @Test
    void what_there_is_no_room_for_is_told_in_its_place() throws Exception {
        Map<String, String> settings = Map.of("queue.max_live_per_client", "2", "runner.slots", "1");
        try (TestNode node = TestNode.start(settings)) {
            JsonNode batch =
                    json(post(node, "/v1/batches", Map.of("jobs", List.of(SLEEPER, SLEEPER, SLEEPER, SLEEPER))));
            assertThat(batch.at("/counts/refused").intValue()).isEqualTo(2);
            assertThat(batch.at("/jobs/3/problem/status").intValue()).isEqualTo(429);
            assertThat(batch.at("/jobs/3/id").isMissingNode()).isTrue();
            HttpResponse<String> none = post(node, "/v1/batches", Map.of("jobs", List.of(SLEEPER)));
            assertThat(none.statusCode()).isEqualTo(429);
        }
    }

    @Test
    void a_large_program_is_not_held_a_thousand_times(TestNode node) throws Exception {
        Map<String, ?> program = Map.of("source", "#" + "x".repeat(4 << 20));
        List<Map<String, ?>> cases = Collections.nCopies(1_000, Map.of("stdin", "1"));
        HttpResponse<String> response = post(node, "/v1/batches", Map.of("program", program, "cases", cases));
        assertThat(response.statusCode()).isEqualTo(413);
        assertThat(json(response).at("/errors/0/pointer").textValue()).isEqualTo("/cases");
        assertThat(json(response).get("detail").textValue()).startsWith("Each job holds the program: 1000 times 4");
        // As many of it as the server would take in one request are taken.
        HttpResponse<String> few =
                post(node, "/v1/batches?wait=60", Map.of("program", program, "cases", cases.subList(0, 3)));
        assertThat(json(few).at("/counts/done").intValue()).isEqualTo(3);
    }

    @Test
    void what_is_wrong_is_told_at_its_place_and_nothing_is_stored(TestNode node) throws Exception {
        Map<String, ?> program = Map.of("source", "", "priority", 9);
        Map<String, ?> good = Map.of("stdin", "1");
        Map<String, ?> bad = Map.of("stdin", 5, "expect", Map.of("compare", "fuzzy"), "entry", "x.py", "a/~b", 1);
        JsonNode errors = errors(post(node, "/v1/batches", Map.of("program", program, "cases", List.of(good, bad))));
        assertThat(errors.findValuesAsText("pointer"))
                .containsExactlyInAnyOrder(
                        "/program/priority",
                        "/cases/1/stdin",
                        "/cases/1/expect/stdout",
                        "/cases/1/expect/compare",
                        "/cases/1/entry",
                        "/cases/1/a~1~0b");
        errors = errors(post(node, "/v1/batches", Map.of("jobs", List.of(SLEEPER, Map.of("sauce", ""), 7))));
        assertThat(errors.findValuesAsText("pointer")).containsExactly("/jobs/1/sauce", "/jobs/1/source", "/jobs/2");
        for (Map<String, ?> body : List.<Map<String, ?>>of(
                Map.of(),
                Map.of("jobs", List.of()),
                Map.of("jobs", List.of(SLEEPER), "cases", List.of()),
                Map.of("program", program),
                Map.of("jobs", List.of(SLEEPER), "more", 1),
                Map.of("jobs", Collections.nCopies(1_001, Map.of("source", ""))))) {
            assertThat(errors(post(node, "/v1/batches", body))).isNotEmpty();
        }
        assertThat(post(node, "/v1/batches", "text").statusCode()).isEqualTo(400);
        assertThat(node.get("/v1/batches/0-00000000000000000000000000").statusCode())
                .isEqualTo(404);
        assertThat(node.get("/v1/batches/nothing").statusCode()).isEqualTo(404);
    }

    @Test
    void a_thousand_jobs_are_one_request(TestNode node) throws Exception {
        List<Map<String, ?>> cases = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            cases.add(Map.of("args", List.of(String.valueOf(i))));
        }
        Map<String, ?> program = Map.of("source", "import sys; print(sys.argv[1])", "priority", 7);
        JsonNode batch = json(post(node, "/v1/batches", Map.of("program", program, "cases", cases)));
        assertThat(batch.get("jobs")).hasSize(1_000);
        assertThat(batch.at("/counts/refused").intValue()).isZero();
        assertThat(batch.get("jobs").findValuesAsText("id")).doesNotHaveDuplicates();
        HttpResponse<String> cancelled =
                node.send(node.request(batch.at("/links/self").textValue()).DELETE());
        assertThat(json(cancelled).at("/counts/queued").intValue()).isZero();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            exact   | print('a b')                  | "a b\n"       | true
            exact   | print('a b ')                 | "a b\n"       | false
            tokens  | print(' a\\n b ')             | "a b"         | true
            tokens  | print('ab')                   | "a b"         | false
            tokens  | print('A b')                  | "a b"         | false
            numbers | print('x', 0.1 + 0.2)         | "x 0.3"       | true
            numbers | print('x', 0.31)              | "x 0.3"       | false
            numbers | print(1e9 + 1)                | "1e9"         | true
            numbers | print('nan')                  | "nan"         | true
            numbers | print('nan')                  | "1"           | false
            numbers | print('0x1p3')                | "8"           | false
            exact   | print('x'); raise SystemExit(1) | "x\n"       | false
            """)
    void outputs_are_compared(String compare, String source, String expected, boolean matched, TestNode node)
            throws Exception {
        String stdout = expected.replace("\\n", "\n");
        JsonNode job = node.run(Map.of("source", source, "expect", Map.of("stdout", stdout, "compare", compare)));
        assertThat(job.get("matched").booleanValue()).as(job.toString()).isEqualTo(matched);
    }

    @Test
    void without_an_expectation_nothing_is_said(TestNode node) throws Exception {
        assertThat(node.run("print(1)").has("matched")).isFalse();
        JsonNode stopped = node.run(Map.of(
                "source",
                "while True: pass",
                "limits",
                Map.of("cpu_ms", 300),
                "expect",
                Map.of("stdout", "", "compare", "exact")));
        assertThat(stopped.get("outcome").textValue()).isEqualTo("CPU_LIMIT");
        assertThat(stopped.get("matched").booleanValue()).isFalse();
    }
}
