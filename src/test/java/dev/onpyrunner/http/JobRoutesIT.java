package dev.onpyrunner.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.Await;
import dev.onpyrunner.TestNode;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A job over HTTP, from its post to its end, as the contract promises it. */
@ExtendWith(TestNode.class)
@Timeout(90)
class JobRoutesIT {
    private static final String SLEEP = "import time\nprint('started', flush=True)\ntime.sleep(60)\n";
    private static final Map<String, Object> SLEEPER = Map.of("source", SLEEP, "limits", Map.of("wall_ms", 60_000));

    private static JsonNode json(HttpResponse<String> response) throws IOException {
        return TestNode.JSON.readTree(response.body());
    }

    private static String header(HttpResponse<?> response, String name) {
        return response.headers().firstValue(name).orElse(null);
    }

    private static HttpRequest.Builder python(TestNode node, String query, String source) {
        return node.request("/v1/jobs" + query)
                .header("Content-Type", "text/x-python")
                .POST(BodyPublishers.ofString(source));
    }

    private static JsonNode job(TestNode node, String id) throws Exception {
        return json(node.get("/v1/jobs/" + id));
    }

    @Test
    void a_job_says_which_trace_its_request_belonged_to(TestNode node) throws Exception {
        String trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        JsonNode posted = json(node.send(python(node, "", "print(1)").header("traceparent", trace)));
        assertThat(posted.get("traceparent").asText()).isEqualTo(trace);
        String id = posted.get("id").asText();
        assertThat(node.awaitEnd(id).get("traceparent").asText()).isEqualTo(trace);
        assertThat(node.get("/v1/jobs/" + id + "/events").body().lines().filter(l -> l.contains("\"k\":\"end\"")))
                .singleElement()
                .asString()
                .contains("\"traceparent\":\"" + trace + "\"");
        assertThat(json(node.send(python(node, "?wait=20", "print(1)").header("traceparent", "00-1-2-3")))
                        .has("traceparent"))
                .isFalse();
    }

    private static HttpResponse<String> delete(TestNode node, String id) throws Exception {
        return node.send(node.request("/v1/jobs/" + id).DELETE());
    }

    private static byte[] bytes(TestNode node, String id, String stream) throws Exception {
        HttpResponse<byte[]> response =
                node.http().send(node.request("/v1/jobs/" + id + "/" + stream).build(), BodyHandlers.ofByteArray());
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(header(response, "Content-Type")).isEqualTo("application/octet-stream");
        return response.body();
    }

    private static String awaitOutput(TestNode node, String id, String text) throws Exception {
        return Await.value(
                        "output",
                        () -> job(node, id),
                        j -> j.get("stdout").textValue().contains(text))
                .get("status")
                .textValue();
    }

    /** Starts as many sleeping jobs as the node has slots. */
    private static List<String> fillSlots(TestNode node) throws Exception {
        List<String> ids = List.of(node.submit(SLEEPER), node.submit(SLEEPER));
        for (String id : ids) {
            assertThat(node.awaitStart(id).get("status").textValue()).isEqualTo("RUNNING");
        }
        return ids;
    }

    @Test
    void the_example_of_the_readme_answers_the_finished_job(TestNode node) throws Exception {
        HttpResponse<String> response = node.send(python(node, "?wait=5", "print('hello')"));
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(header(response, "Content-Type")).isEqualTo("application/json");
        assertThat(header(response, "Preference-Applied")).isEqualTo("wait=5");
        JsonNode job = json(response);
        assertThat(header(response, "Location"))
                .isEqualTo("/v1/jobs/" + job.get("id").textValue());
        assertThat(job.get("status").textValue()).isEqualTo("DONE");
        assertThat(job.get("outcome").textValue()).isEqualTo("OK");
        assertThat(job.get("exit_code").intValue()).isZero();
        assertThat(job.get("stdout").textValue()).isEqualTo("hello\n");
        assertThat(job.get("stderr").textValue()).isEmpty();
        assertThat(job.get("stdout_bytes").intValue()).isEqualTo(6);
        assertThat(job.get("message").textValue()).isNotBlank();
        assertThat(job.get("starts").intValue()).isEqualTo(1);
        assertThat(job.at("/links/self").textValue()).isEqualTo(header(response, "Location"));
    }

    @Test
    void whoever_asks_while_a_job_ends_sees_the_end_with_all_of_its_output(TestNode node) throws Exception {
        Set<String> ends = new HashSet<>();
        for (int i = 0; i < 60; i++) {
            HttpRequest get = node.request("/v1/jobs/" + node.submit(Map.of("source", "print('hello')")))
                    .build();
            List<CompletableFuture<String>> asking = new ArrayList<>();
            for (int k = 0; k < 8; k++) {
                asking.add(untilEnded(node, get));
            }
            for (CompletableFuture<String> answer : asking) {
                JsonNode job = TestNode.JSON.readTree(answer.join());
                ends.add(job.get("status").textValue() + " " + job.get("stdout").textValue());
            }
        }
        assertThat(ends).containsExactly("DONE hello\n");
    }

    private static CompletableFuture<String> untilEnded(TestNode node, HttpRequest get) {
        return node.http()
                .sendAsync(get, BodyHandlers.ofString())
                .thenCompose(r -> r.body().contains("\"finished_at\":null")
                        ? untilEnded(node, get)
                        : CompletableFuture.completedFuture(r.body()));
    }

    @Test
    void media_types_are_told_apart_without_regard_to_case_and_parameters(TestNode node) throws Exception {
        for (String type : List.of("Text/X-Python", "text/x-python; charset=utf-8", "text/x-python;foo")) {
            HttpResponse<String> response = node.send(node.request("/v1/jobs?wait=10")
                    .header("Content-Type", type)
                    .POST(BodyPublishers.ofString("print(1)")));
            assertThat(response.statusCode()).as(type).isEqualTo(200);
        }
        HttpResponse<String> response = node.send(node.request("/v1/jobs?wait=10")
                .header("Content-Type", "Application/JSON; charset=UTF-8")
                .POST(BodyPublishers.ofString("{\"source\":\"print(1)\"}")));
        assertThat(response.statusCode()).isEqualTo(200);
    }

    @Test
    void prefer_asks_for_the_wait_too(TestNode node) throws Exception {
        HttpResponse<String> response =
                node.send(python(node, "", "print(1)").header("Prefer", "respond-async, wait=7; x=y"));
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(header(response, "Preference-Applied")).isEqualTo("wait=7");
        response =
                node.send(python(node, "", "print(1)").header("Prefer", "foo").header("Prefer", "wait=8"));
        assertThat(header(response, "Preference-Applied")).isEqualTo("wait=8");
        response = node.send(python(node, "?wait=9", "print(1)").header("Prefer", "wait=3"));
        assertThat(header(response, "Preference-Applied")).isEqualTo("wait=9");
        response = node.send(python(node, "?wait=99999999999999999999", "print(1)"));
        assertThat(header(response, "Preference-Applied")).isEqualTo("wait=60");
    }

    @Test
    void without_a_wait_the_job_is_answered_at_once(TestNode node) throws Exception {
        HttpResponse<String> response = node.post("", SLEEPER);
        assertThat(response.statusCode()).isEqualTo(202);
        JsonNode job = json(response);
        assertThat(header(response, "Location"))
                .isEqualTo("/v1/jobs/" + job.get("id").textValue());
        assertThat(header(response, "Retry-After")).isEqualTo("1");
        assertThat(header(response, "Preference-Applied")).isNull();
        assertThat(header(response, "ETag")).isNotNull();
        assertThat(job.get("status").textValue()).isIn("QUEUED", "RUNNING");
        assertThat(job.get("stdout").textValue()).isEmpty();
        assertThat(job.get("outcome").isNull()).isTrue();
        assertThat(job.get("finished_at").isNull()).isTrue();
        assertThat(job.has("created_at")).isTrue();
        delete(node, job.get("id").textValue());
    }

    @Test
    void a_wait_that_ends_too_early_is_answered_as_without(TestNode node) throws Exception {
        HttpResponse<String> response = node.post("?wait=1", SLEEPER);
        assertThat(response.statusCode()).isEqualTo(202);
        assertThat(header(response, "Preference-Applied")).isEqualTo("wait=1");
        assertThat(header(response, "Location")).startsWith("/v1/jobs/");
        assertThat(header(response, "Retry-After")).isEqualTo("1");
        JsonNode job = json(response);
        assertThat(job.get("status").textValue()).isEqualTo("RUNNING");
        delete(node, job.get("id").textValue());
    }

    @Test
    void a_get_waits_for_the_next_change_of_state(TestNode node) throws Exception {
        List<String> sleepers = fillSlots(node);
        String id = node.submit(SLEEPER);
        long before = System.nanoTime();
        CompletableFuture<HttpResponse<String>> started = node.http()
                .sendAsync(node.request("/v1/jobs/" + id + "?wait=25").build(), BodyHandlers.ofString());
        JsonNode queued = job(node, id);
        assertThat(queued.get("status").textValue()).isEqualTo("QUEUED");
        assertThat(queued.at("/queue/position").intValue()).isEqualTo(1);
        delete(node, sleepers.get(0));
        JsonNode running = json(started.get());
        assertThat(running.get("status").textValue()).isEqualTo("RUNNING");
        assertThat(running.has("queue")).isFalse();
        assertThat(System.nanoTime() - before).as("it does not wait longer").isLessThan(15_000_000_000L);

        CompletableFuture<HttpResponse<String>> ended = node.http()
                .sendAsync(node.request("/v1/jobs/" + id + "?wait=25").build(), BodyHandlers.ofString());
        assertThat(job(node, id).get("status").textValue()).isEqualTo("RUNNING");
        delete(node, id);
        assertThat(json(ended.get()).get("status").textValue()).isEqualTo("CANCELLED");
        delete(node, sleepers.get(1));
        node.awaitEnd(sleepers.get(1));
    }

    @Test
    void an_ended_job_is_answered_at_once_with_its_expiry(TestNode node) throws Exception {
        JsonNode job = node.run(Map.of("source", "print(1)", "retention_s", 600));
        long before = System.nanoTime();
        HttpResponse<String> response = node.get("/v1/jobs/" + job.get("id").textValue() + "?wait=20");
        assertThat(System.nanoTime() - before).isLessThan(5_000_000_000L);
        assertThat(header(response, "Retry-After")).isNull();
        Instant expires = ZonedDateTime.parse(header(response, "Expires"), DateTimeFormatter.RFC_1123_DATE_TIME)
                .toInstant();
        Instant finished = Instant.parse(json(response).get("finished_at").textValue());
        assertThat(Instant.parse(json(response).get("expires_at").textValue())).isEqualTo(finished.plusSeconds(600));
        assertThat(expires.getEpochSecond()).isEqualTo(finished.plusSeconds(600).getEpochSecond());
    }

    @Test
    void a_known_etag_is_304(TestNode node) throws Exception {
        String path = "/v1/jobs/" + node.run("print(1)").get("id").textValue();
        String tag = header(node.get(path), "ETag");
        assertThat(tag).startsWith("\"").endsWith("\"");
        assertThat(header(node.get(path), "ETag")).as("nothing has changed").isEqualTo(tag);
        for (String known : List.of(tag, "W/" + tag, "\"x\", " + tag, "*")) {
            HttpResponse<String> response = node.send(node.request(path).header("If-None-Match", known));
            assertThat(response.statusCode()).as(known).isEqualTo(304);
            assertThat(response.body()).isEmpty();
            assertThat(header(response, "ETag")).isEqualTo(tag);
        }
        assertThat(node.send(node.request(path).header("If-None-Match", "\"x\""))
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void with_a_wait_304_comes_after_the_wait_if_nothing_has_changed(TestNode node) throws Exception {
        String id = node.submit(SLEEPER);
        awaitOutput(node, id, "started");
        String path = "/v1/jobs/" + id;
        String tag = header(node.get(path), "ETag");
        long before = System.nanoTime();
        HttpResponse<String> same = node.send(node.request(path + "?wait=1").header("If-None-Match", tag));
        assertThat(same.statusCode()).isEqualTo(304);
        assertThat(header(same, "Retry-After")).isEqualTo("1");
        assertThat(System.nanoTime() - before).isGreaterThan(900_000_000L);
        CompletableFuture<HttpResponse<String>> other = node.http()
                .sendAsync(
                        node.request(path + "?wait=25")
                                .header("If-None-Match", tag)
                                .build(),
                        BodyHandlers.ofString());
        assertThat(job(node, id).get("status").textValue()).isEqualTo("RUNNING");
        delete(node, id);
        assertThat(other.get().statusCode()).isEqualTo(200);
        assertThat(json(other.get()).get("status").textValue()).isEqualTo("CANCELLED");
    }

    @Test
    void head_works_where_get_does(TestNode node) throws Exception {
        String path = "/v1/jobs/" + node.run("print(1)").get("id").textValue();
        for (String each : List.of(
                path,
                path + "/stdout",
                path + "/stderr",
                path + "/spec",
                path + "/events",
                "/healthz",
                "/readyz",
                "/openapi.yaml",
                "/problems/gone",
                "/")) {
            HttpResponse<String> head = node.send(node.request(each).method("HEAD", BodyPublishers.noBody()));
            HttpResponse<String> get = node.get(each);
            assertThat(head.statusCode()).as(each).isEqualTo(200);
            assertThat(head.body()).isEmpty();
            assertThat(header(head, "Content-Type")).as(each).isEqualTo(header(get, "Content-Type"));
            assertThat(header(head, "ETag")).as(each).isEqualTo(header(get, "ETag"));
            assertThat(header(head, "X-Request-Id")).isNotNull();
        }
        HttpResponse<String> absent = node.send(node.request("/v1/jobs/x").method("HEAD", BodyPublishers.noBody()));
        assertThat(absent.statusCode()).isEqualTo(404);
    }

    @Test
    void a_client_that_goes_away_while_it_waits_does_not_touch_its_job(TestNode node) throws Exception {
        String source = "import time; time.sleep(0.5); print('done')";
        String before = acceptedJobs(node);
        try (Wire wire = Wire.to(node)) {
            wire.send(
                    "POST /v1/jobs?wait=20 HTTP/1.1|Host: localhost|Content-Type: text/x-python|Idempotency-Key: gone-away|"
                            + "Content-Length: " + source.length() + "||" + source);
            Await.until("the job is accepted", () -> !acceptedJobs(node).equals(before));
        }
        HttpResponse<String> again = node.send(python(node, "?wait=20", source).header("Idempotency-Key", "gone-away"));
        assertThat(header(again, "Idempotency-Replayed")).isEqualTo("true");
        assertThat(json(again).get("status").textValue()).isEqualTo("DONE");
        assertThat(json(again).get("stdout").textValue()).isEqualTo("done\n");
        assertThat(json(again).get("starts").intValue()).isEqualTo(1);
    }

    private static String acceptedJobs(TestNode node) throws Exception {
        return node.get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith("onpyrunner_jobs_accepted_total{replayed=\"false\""))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void any_other_http_node_serves_the_job_and_its_waits(TestNode node) throws Exception {
        var redis = node.node().redis();
        String url = redis.url().replace("redis://", "redis://:" + redis.login().password() + "@");
        try (TestNode other = TestNode.start(Map.of("roles", "http", "redis.url", url))) {
            String id = node.submit("import time; time.sleep(0.5); print('here')");
            JsonNode there = other.awaitEnd(id);
            assertThat(there.get("stdout").textValue()).isEqualTo("here\n");
            assertThat(there).isEqualTo(job(node, id));

            JsonNode byOther = other.run("print('by the other')");
            assertThat(byOther.get("stdout").textValue()).isEqualTo("by the other\n");
            assertThat(job(node, byOther.get("id").textValue())).isEqualTo(byOther);

            String cancelled = node.submit(SLEEPER);
            node.awaitStart(cancelled);
            assertThat(delete(other, cancelled).statusCode()).isEqualTo(202);
            assertThat(other.awaitEnd(cancelled).get("status").textValue()).isEqualTo("CANCELLED");
        }
    }

    /** The one comes with the word of the end, the other from Redis. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "print('hello')",
                "",
                "import sys; print('ä'); print('err', file=sys.stderr)",
                "import time\nprint(1, flush=True); time.sleep(0.1); print(2, flush=True); time.sleep(0.1); print(3)",
                "print('x' * 100_000)",
                "while True: print('y' * 1_000)",
                "import sys; sys.stdout.buffer.write(bytes(range(256)))",
                "raise SystemExit(3)",
                "import numpy_is_not_there"
            })
    void who_waited_for_a_job_is_told_what_everybody_else_reads_of_it(String source, TestNode node) throws Exception {
        JsonNode waited = node.run(source);
        assertThat(job(node, waited.get("id").textValue())).isEqualTo(waited);
    }

    @Test
    void while_it_runs_its_output_so_far_is_there(TestNode node) throws Exception {
        String id = node.submit(SLEEPER);
        assertThat(awaitOutput(node, id, "started\n")).isEqualTo("RUNNING");
        assertThat(bytes(node, id, "stdout")).asString().isEqualTo("started\n");
        HttpResponse<String> response = node.get("/v1/jobs/" + id);
        assertThat(header(response, "Retry-After")).isEqualTo("1");
        assertThat(header(response, "Expires")).isNull();
        assertThat(json(response).get("stdout_bytes").intValue()).isEqualTo(8);
        delete(node, id);
    }

    @Test
    void never_do_more_jobs_run_at_once_than_there_are_slots(TestNode node) throws Exception {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            ids.add(node.submit("import time; time.sleep(0.2)"));
        }
        record Run(Instant from, Instant to) {}
        List<Run> runs = new ArrayList<>();
        for (String id : ids) {
            JsonNode job = node.awaitEnd(id);
            assertThat(job.get("outcome").textValue()).isEqualTo("OK");
            runs.add(new Run(
                    Instant.parse(job.get("started_at").textValue()),
                    Instant.parse(job.get("finished_at").textValue())));
        }
        assertThat(runs)
                .allSatisfy(run -> assertThat(runs.stream()
                                .filter(r -> !r.from().isAfter(run.from()) && r.to().isAfter(run.from()))
                                .count())
                        .isLessThanOrEqualTo(2));
        List<Instant> starts = runs.stream().map(Run::from).toList();
        assertThat(starts).as("first come, first served").isSorted();
    }

    @Test
    void a_hundred_jobs_wait_in_the_order_of_their_coming() throws Exception {
        try (TestNode own = TestNode.start(Map.of())) {
            fillSlots(own);
            List<String> ids = new ArrayList<>();
            for (int i = 1; i <= 100; i++) {
                HttpResponse<String> response = own.post("", SLEEPER);
                assertThat(response.statusCode()).isEqualTo(202);
                assertThat(json(response).get("status").textValue()).isEqualTo("QUEUED");
                assertThat(json(response).at("/queue/position").intValue()).isEqualTo(i);
                ids.add(json(response).get("id").textValue());
            }
            assertThat(delete(own, ids.get(9)).statusCode()).isEqualTo(200);
            for (int i = 0; i < 60; i++) {
                if (i != 9) {
                    assertThat(job(own, ids.get(i)).at("/queue/position").intValue())
                            .isEqualTo(i < 9 ? i + 1 : i);
                }
            }
            String first = json(own.post("", Map.of("source", SLEEP, "priority", 0)))
                    .get("id")
                    .textValue();
            assertThat(job(own, first).at("/queue/position").intValue()).isEqualTo(1);
        }
    }

    @Test
    void a_queued_job_is_cancelled_at_once(TestNode node) throws Exception {
        List<String> sleepers = fillSlots(node);
        String id = node.submit(SLEEPER);
        CompletableFuture<HttpResponse<String>> waiting = node.http()
                .sendAsync(node.request("/v1/jobs/" + id + "?wait=25").build(), BodyHandlers.ofString());
        HttpResponse<String> response = delete(node, id);
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(json(response).get("status").textValue()).isEqualTo("CANCELLED");
        assertThat(json(response).get("started_at").isNull()).isTrue();
        assertThat(json(waiting.get()).get("status").textValue()).isEqualTo("CANCELLED");
        HttpResponse<String> again = delete(node, id);
        assertThat(again.statusCode()).isEqualTo(200);
        assertThat(json(again)).isEqualTo(json(response));
        for (String sleeper : sleepers) {
            delete(node, sleeper);
            node.awaitEnd(sleeper);
        }
        assertThat(job(node, id).get("status").textValue()).isEqualTo("CANCELLED");
    }

    @Test
    void a_cancelled_program_may_say_its_last_words(TestNode node) throws Exception {
        String id = node.submit(Map.of("source", """
                import time
                try:
                    print('started', flush=True)
                    time.sleep(60)
                except KeyboardInterrupt:
                    print('interrupted')
                    raise
                """, "limits", Map.of("wall_ms", 60_000)));
        awaitOutput(node, id, "started");
        HttpResponse<String> response = delete(node, id);
        assertThat(response.statusCode()).isEqualTo(202);
        // It may have ended before the answer is put together.
        boolean ended = json(response).get("status").textValue().equals("CANCELLED");
        assertThat(header(response, "Retry-After")).isEqualTo(ended ? null : "1");
        assertThat(delete(node, id).statusCode()).isIn(200, 202);
        JsonNode job = node.awaitEnd(id);
        assertThat(job.get("status").textValue()).isEqualTo("CANCELLED");
        assertThat(job.get("outcome").isNull()).isTrue();
        assertThat(job.get("stdout").textValue()).isEqualTo("started\ninterrupted\n");
        assertThat(job.get("stderr").textValue()).contains("KeyboardInterrupt");
        HttpResponse<String> late = delete(node, id);
        assertThat(late.statusCode()).isEqualTo(200);
        assertThat(json(late)).isEqualTo(job);
    }

    @Test
    void a_program_that_will_not_stop_is_killed(TestNode node) throws Exception {
        String id = node.submit(Map.of("source", """
                import signal, time
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                print('started', flush=True)
                while True: time.sleep(60)
                """, "limits", Map.of("wall_ms", 60_000)));
        awaitOutput(node, id, "started");
        assertThat(delete(node, id).statusCode()).isEqualTo(202);
        JsonNode job = node.awaitEnd(id);
        assertThat(job.get("status").textValue()).isEqualTo("CANCELLED");
        assertThat(job.get("stdout").textValue()).isEqualTo("started\n");
    }

    @Test
    void a_cancel_after_the_end_changes_nothing(TestNode node) throws Exception {
        JsonNode job = node.run("print(1)");
        HttpResponse<String> response = delete(node, job.get("id").textValue());
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(json(response)).isEqualTo(job);
        assertThat(header(response, "Expires")).isNotNull();
    }

    @Test
    void output_is_kept_byte_for_byte(TestNode node) throws Exception {
        JsonNode job = node.run("import os\nos.write(1, bytes(range(256)))\nos.write(2, b'\\xff\\x00\\xe2\\x82')");
        String id = job.get("id").textValue();
        byte[] all = new byte[256];
        for (int i = 0; i < 256; i++) {
            all[i] = (byte) i;
        }
        assertThat(bytes(node, id, "stdout")).isEqualTo(all);
        assertThat(bytes(node, id, "stderr")).isEqualTo(new byte[] {(byte) 0xff, 0, (byte) 0xe2, (byte) 0x82});
        assertThat(job.get("stdout").textValue()).startsWith("\0\1\2").contains("~\u007f\ufffd");
        assertThat(job.get("stderr").textValue()).startsWith("\ufffd\0\ufffd");
        assertThat(job.get("stdout_bytes").intValue()).isEqualTo(256);
        assertThat(job.get("stderr_bytes").intValue()).isEqualTo(4);
    }

    @Test
    void a_character_written_in_two_halves_is_shown_once_and_whole(TestNode node) throws Exception {
        JsonNode job = node.run("""
                import os, time
                os.write(1, b'a\\xe2\\x82')
                time.sleep(0.3)
                os.write(1, b'\\xacb\\xf0')
                time.sleep(0.3)
                os.write(1, b'\\x9f\\x98\\x80')
                """);
        assertThat(job.get("stdout").textValue()).isEqualTo("a€b😀");
        assertThat(node.get("/v1/jobs/" + job.get("id").textValue() + "/events").body())
                .contains("€")
                .contains("😀")
                .doesNotContain("\ufffd");
    }

    @Test
    void five_megabytes_of_input_arrive(TestNode node) throws Exception {
        JsonNode job = node.run(Map.of(
                "source",
                "import sys, hashlib\nb = sys.stdin.buffer.read()\nprint(len(b), b[-3:])",
                "stdin",
                "x".repeat(5_000_000 - 3) + "end"));
        assertThat(job.get("stdout").textValue()).isEqualTo("5000000 b'end'\n");
    }

    @Test
    void arguments_environment_and_files_arrive(TestNode node) throws Exception {
        JsonNode job = node.run(Map.of(
                "files",
                List.of(
                        Map.of("path", "app/start.py", "content", """
                                import sys, os
                                from lib import deep
                                print(sys.argv[1:])
                                print(os.environ['WHO'])
                                print(open('data/raw.bin', 'rb').read())
                                print(deep.x)
                                print(sys.stdin.buffer.read())
                                """),
                        Map.of("path", "app/lib/deep.py", "content", "x = 'deep'\n"),
                        Map.of("path", "data/raw.bin", "content_base64", "AAEC/w==")),
                "entry",
                "app/start.py",
                "args",
                List.of("a b", "", "ü€\n"),
                "env",
                Map.of("WHO", "me=you ü"),
                "stdin_base64",
                Base64.getEncoder().encodeToString(new byte[] {0, (byte) 0xff, 10})));
        assertThat(job.get("stderr").textValue()).isEmpty();
        assertThat(job.get("stdout").textValue())
                .isEqualTo("['a b', '', 'ü€\\n']\nme=you ü\nb'\\x00\\x01\\x02\\xff'\ndeep\nb'\\x00\\xff\\n'\n");
    }

    @Test
    void the_same_key_and_request_are_the_same_job(TestNode node) throws Exception {
        Map<String, Object> body = Map.of("source", "print('once')");
        HttpResponse<String> first = withKey(node, "same", "", body);
        assertThat(first.statusCode()).isEqualTo(202);
        assertThat(header(first, "Idempotency-Replayed")).isNull();
        String id = json(first).get("id").textValue();
        HttpResponse<String> second = withKey(node, "same", "?wait=20", body);
        assertThat(second.statusCode()).isEqualTo(200);
        assertThat(header(second, "Idempotency-Replayed")).isEqualTo("true");
        assertThat(json(second).get("id").textValue()).isEqualTo(id);
        assertThat(json(second).get("stdout").textValue()).isEqualTo("once\n");
        HttpResponse<String> third = withKey(node, "same", "", body);
        assertThat(third.statusCode()).as("it has ended").isEqualTo(200);
        assertThat(json(third)).isEqualTo(json(second));
        HttpResponse<String> spelledOut =
                withKey(node, "same", "", Map.of("source", "print('once')", "args", List.of(), "priority", 4));
        assertThat(json(spelledOut).get("id").textValue()).isEqualTo(id);
        HttpResponse<String> other = withKey(node, "same", "", Map.of("source", "print('other')"));
        assertThat(other.statusCode()).isEqualTo(422);
        assertThat(json(other).get("type").textValue()).isEqualTo("/problems/idempotency-key-reused");
        assertThat(json(withKey(node, "another", "", body)).get("id").textValue())
                .isNotEqualTo(id);
    }

    @Test
    void the_same_key_at_the_same_time_is_one_job(TestNode node) throws Exception {
        List<CompletableFuture<HttpResponse<String>>> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            all.add(node.http()
                    .sendAsync(
                            python(node, "?wait=20", "print(1)")
                                    .header("Idempotency-Key", "at once")
                                    .build(),
                            BodyHandlers.ofString()));
        }
        Set<String> ids = new HashSet<>();
        int fresh = 0;
        for (CompletableFuture<HttpResponse<String>> each : all) {
            assertThat(each.get().statusCode()).isEqualTo(200);
            ids.add(json(each.get()).get("id").textValue());
            fresh += header(each.get(), "Idempotency-Replayed") == null ? 1 : 0;
        }
        assertThat(ids).hasSize(1);
        assertThat(fresh).isEqualTo(1);
    }

    private static HttpResponse<String> withKey(TestNode node, String key, String query, Map<String, ?> body)
            throws Exception {
        return node.send(node.request("/v1/jobs" + query)
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", key)
                .POST(BodyPublishers.ofString(TestNode.JSON.writeValueAsString(body))));
    }

    @Test
    void the_spec_is_the_request_as_accepted_and_can_be_handed_in_again(TestNode node) throws Exception {
        Map<String, Object> request = Map.of(
                "source",
                "import sys; print(sys.argv, sys.stdin.read())",
                "args",
                List.of("x"),
                "stdin_base64",
                "/w==",
                "limits",
                Map.of("cpu_ms", 1234),
                "retention_s",
                77);
        String id = node.submit(request);
        JsonNode spec = json(node.get("/v1/jobs/" + id + "/spec"));
        assertThat(spec.at("/files/0/path").textValue()).isEqualTo("main.py");
        assertThat(spec.at("/files/0/content").textValue()).isEqualTo(request.get("source"));
        assertThat(spec.get("stdin_base64").textValue()).isEqualTo("/w==");
        assertThat(spec.at("/limits/cpu_ms").intValue()).isEqualTo(1234);
        assertThat(spec.at("/limits/wall_ms").intValue()).isEqualTo(10_000);
        assertThat(spec.get("retention_s").intValue()).isEqualTo(77);
        String again = json(node.post("", spec)).get("id").textValue();
        assertThat(json(node.get("/v1/jobs/" + again + "/spec"))).isEqualTo(spec);
        node.awaitEnd(again);
    }

    @Test
    void after_its_retention_a_job_is_gone(TestNode node) throws Exception {
        String id = node.run(Map.of("source", "print(1)", "retention_s", 1))
                .get("id")
                .textValue();
        HttpResponse<String> gone =
                Await.value("the job is gone", () -> node.get("/v1/jobs/" + id), r -> r.statusCode() != 200);
        assertThat(gone.statusCode()).isEqualTo(410);
        for (String path : List.of("/stdout", "/stderr", "/spec", "/events")) {
            assertThat(node.get("/v1/jobs/" + id + path).statusCode()).as(path).isEqualTo(410);
        }
        assertThat(node.get("/v1/jobs/" + id + "?wait=20").statusCode()).isEqualTo(410);
        assertThat(delete(node, id).statusCode()).isEqualTo(410);
    }

    @Test
    void purging_removes_an_ended_job(TestNode node) throws Exception {
        String running = node.submit(SLEEPER);
        awaitOutput(node, running, "started");
        HttpRequest.Builder purge =
                node.request("/v1/jobs/" + running + "?purge=true").DELETE();
        assertThat(node.send(purge).statusCode()).as("only cancelled").isEqualTo(202);
        node.awaitEnd(running);
        HttpResponse<String> removed = node.send(purge);
        assertThat(removed.statusCode()).isEqualTo(204);
        assertThat(removed.body()).isEmpty();
        assertThat(node.get("/v1/jobs/" + running).statusCode()).isEqualTo(410);
        assertThat(node.get("/v1/jobs/" + running + "/events").statusCode()).isEqualTo(410);
        assertThat(node.send(purge).statusCode()).isEqualTo(410);
        assertThat(node.send(node.request("/v1/jobs/" + running + "?purge=maybe")
                                .DELETE())
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void output_over_the_limit_is_cut_between_characters(TestNode node) throws Exception {
        JsonNode job = node.run(Map.of(
                "source",
                "import sys\nsys.stdout.buffer.write(('€' * 100000).encode())",
                "limits",
                Map.of("output_bytes", 1000)));
        assertThat(job.get("outcome").textValue()).isEqualTo("OUTPUT_LIMIT");
        assertThat(job.get("stdout_bytes").intValue()).isEqualTo(999);
        assertThat(job.get("stdout").textValue()).isEqualTo("€".repeat(333));
        assertThat(job.get("limits_hit")).extracting(JsonNode::textValue).containsExactly("stdout");
        assertThat(bytes(node, job.get("id").textValue(), "stdout")).hasSize(999);

        JsonNode exact = node.run(Map.of("source", "print('x' * 999)", "limits", Map.of("output_bytes", 1000)));
        assertThat(exact.get("outcome").textValue()).isEqualTo("OK");
        assertThat(exact.get("stdout_bytes").intValue()).isEqualTo(1000);
    }
}
