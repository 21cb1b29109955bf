package dev.onpyrunner.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.Await;
import dev.onpyrunner.TestNode;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What everybody may know of the queue, and what only the operator may. */
@ExtendWith(TestNode.class)
@Timeout(60)
class OperatorRoutesIT {
    private static final String TOKEN = "a token that is long enough";
    private static TestNode guarded;

    @BeforeAll
    static void start() throws IOException {
        guarded = TestNode.start(Map.of("http.operator_token", TOKEN, "queue.timeout_ms", "1", "roles", "http"));
    }

    @AfterAll
    static void stop() throws IOException {
        guarded.close();
    }

    private static HttpResponse<String> get(String path, String authorization) throws Exception {
        return guarded.send(guarded.request(path).header("Authorization", authorization));
    }

    private static JsonNode json(HttpResponse<String> response) throws Exception {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return TestNode.JSON.readTree(response.body());
    }

    @Test
    void the_token_opens_what_nothing_else_does() throws Exception {
        Contract contract = new Contract();
        for (String path : List.of("/v1/nodes", "/v1/running", "/v1/dead", "/metrics")) {
            for (HttpResponse<String> refused : List.of(
                    guarded.get(path),
                    get(path, "Bearer wrong"),
                    get(path, "Bearer " + TOKEN + "x"),
                    get(path, "Bearer "),
                    get(path, "Basic " + TOKEN),
                    get(path, TOKEN))) {
                assertThat(refused.statusCode()).isEqualTo(401);
                assertThat(refused.headers().firstValue("WWW-Authenticate")).contains("Bearer");
                assertThat(refused.body()).doesNotContain(TOKEN);
                contract.check("GET " + path, refused);
            }
            contract.check("GET " + path, get(path, "Bearer " + TOKEN));
            assertThat(get(path, "bearer " + TOKEN).statusCode()).isEqualTo(200);
        }
        contract.check(
                "GET /v1/nodes", guarded.send(guarded.request("/v1/nodes").header("Accept", "a/b")));
        contract.check("GET /v1/dead", guarded.send(guarded.request("/v1/dead").header("Accept", "a/b")));
        contract.check(
                "GET /v1/running", guarded.send(guarded.request("/v1/running").header("Accept", "a/b")));
        Set<String> missing = new TreeSet<>(contract.promised());
        missing.removeAll(contract.seen());
        missing.removeIf(
                m -> !m.matches("GET (/v1/nodes|/v1/running|/v1/dead|/metrics) .*") || m.matches(".* (403|503)"));
        assertThat(missing).isEmpty();
    }

    @Test
    void without_a_token_what_tells_of_others_stays_closed_and_the_metrics_are_open(TestNode node) throws Exception {
        Contract contract = new Contract();
        for (String path : List.of("/v1/nodes", "/v1/running", "/v1/dead")) {
            HttpResponse<String> refused = node.get(path);
            assertThat(refused.statusCode()).isEqualTo(403);
            contract.check("GET " + path, refused);
            assertThat(node.send(node.request(path).header("Authorization", "Bearer "))
                            .statusCode())
                    .isEqualTo(403);
        }
        HttpResponse<String> metrics = node.get("/metrics");
        contract.check("GET /metrics", metrics);
        assertThat(metrics.body()).contains("onpyrunner_queue_depth 0.0");
    }

    @Test
    void the_node_is_among_the_nodes() throws Exception {
        JsonNode nodes = json(Await.value(
                "the node has said that it is there",
                () -> get("/v1/nodes", "Bearer " + TOKEN),
                r -> r.body().contains("roles")));
        assertThat(nodes.get("nodes")).hasSize(1);
        JsonNode one = nodes.get("nodes").get(0);
        assertThat(one.get("slots").intValue()).isZero();
        assertThat(one.get("roles").toString()).isEqualTo("[\"http\"]");
        assertThat(one.get("draining").booleanValue()).isFalse();
    }

    private static HttpResponse<String> drain(Contract contract, String method, String name, String... headers)
            throws Exception {
        var request = guarded.request("/v1/nodes/" + name + "/drain").headers(headers);
        HttpResponse<String> response = guarded.send(request.method(method, BodyPublishers.noBody()));
        contract.check(method + " /v1/nodes/{name}/drain", response);
        return response;
    }

    @Test
    void a_node_hears_that_it_is_to_drain_and_that_it_is_not() throws Exception {
        Contract contract = new Contract();
        String bearer = "Bearer " + TOKEN;
        String name = Await.value(
                        "the node has said that it is there",
                        () -> json(get("/v1/nodes", bearer)).at("/nodes/0/name"),
                        n -> !n.isMissingNode())
                .asText();
        for (String method : List.of("POST", "DELETE")) {
            assertThat(drain(contract, method, name, "Accept", "*/*").statusCode())
                    .isEqualTo(401);
            assertThat(drain(contract, method, "none", "Authorization", bearer).statusCode())
                    .isEqualTo(404);
            assertThat(drain(contract, method, name, "Authorization", bearer, "Accept", "a/b")
                            .statusCode())
                    .isEqualTo(406);
            assertThat(drain(contract, method, name, "Authorization", bearer).statusCode())
                    .isEqualTo(202);
            Await.until(
                    "the node drains, or does not",
                    () -> json(get("/v1/nodes", bearer)).at("/nodes/0/draining").booleanValue()
                            == method.equals("POST"));
        }
    }

    @Test
    void a_job_that_was_given_up_is_listed_and_counted() throws Exception {
        String id = guarded.submit("print(1)");
        assertThat(guarded.awaitEnd(id).at("/error/code").asText()).isEqualTo("QUEUE_TIMEOUT");
        assertThat(json(get("/v1/dead", "Bearer " + TOKEN)).at("/dead/0/id").asText())
                .isEqualTo(id);
        assertThat(get("/metrics", "Bearer " + TOKEN).body())
                .contains("onpyrunner_jobs_reaped_total{what=\"TIMEOUT\"} 1.0")
                .contains("onpyrunner_jobs_ended_total{outcome=\"QUEUE_TIMEOUT\",status=\"ERROR\"} 1.0")
                // What has never happened is there, too: else its first time would be no increase.
                .contains("onpyrunner_jobs_reaped_total{what=\"LOST\"} 0.0")
                .contains("onpyrunner_jobs_refused_total{why=\"QueueFull\"} 0.0");
    }

    @Test
    void the_metrics_count_and_time_what_happens(TestNode node) throws Exception {
        double before = metric(node, "onpyrunner_jobs_ended_total{outcome=\"OK\",status=\"DONE\"}");
        double runs = metric(node, "onpyrunner_job_stage_seconds_count{stage=\"run\"}");
        node.run("print(1)");
        node.run("print(2)");
        assertThat(metric(node, "onpyrunner_jobs_ended_total{outcome=\"OK\",status=\"DONE\"}"))
                .isGreaterThanOrEqualTo(before + 2);
        assertThat(metric(node, "onpyrunner_job_stage_seconds_count{stage=\"run\"}"))
                .isGreaterThanOrEqualTo(runs + 2);
        for (String stage : List.of("received", "queued", "claimed", "run", "ended")) {
            assertThat(metric(node, "onpyrunner_job_stage_seconds_count{stage=\"" + stage + "\"}"))
                    .as(stage)
                    .isPositive();
        }
        Await.until("the node has counted its slots", () -> metric(node, "onpyrunner_queue_slots") == 2);
    }

    private static double metric(TestNode node, String name) throws Exception {
        for (String line : node.get("/metrics").body().split("\n", -1)) {
            if (line.startsWith(name + " ")) {
                return Double.parseDouble(line.substring(name.length() + 1));
            }
        }
        return 0;
    }

    @Test
    void everybody_may_know_how_long_the_queue_is() throws Exception {
        try (TestNode node = TestNode.start(Map.of("runner.slots", "1"))) {
            Await.until(
                    "the node has counted its slots",
                    () -> json(node.get("/v1/queue")).get("slots").intValue() == 1);
            JsonNode empty = json(node.get("/v1/queue"));
            assertThat(empty.get("depth").intValue()).isZero();
            assertThat(empty.get("oldest_ms").intValue()).isZero();
            assertThat(empty.get("estimated_wait_ms").intValue()).isZero();
            assertThat(empty.get("nodes").intValue()).isEqualTo(1);
            node.run("import time; time.sleep(0.3)");
            String running = node.submit("import time; time.sleep(60)");
            node.awaitStart(running);
            String waiting = node.submit("print(1)");
            Await.until(
                    "figures of now are told",
                    () -> json(node.get("/v1/queue")).get("depth").intValue() == 1);
            JsonNode busy = json(node.get("/v1/queue"));
            assertThat(busy.get("depth").intValue()).isEqualTo(1);
            assertThat(busy.get("running").intValue()).isEqualTo(1);
            JsonNode place = json(node.get("/v1/jobs/" + waiting)).get("queue");
            assertThat(place.get("position").intValue()).isEqualTo(1);
            assertThat(place.get("estimated_start_ms").intValue()).isBetween(300, 5_000);
            assertThat(busy.get("estimated_wait_ms").intValue())
                    .isGreaterThan(place.get("estimated_start_ms").intValue());
            node.send(node.request("/v1/jobs/" + running).DELETE());
            node.awaitEnd(waiting);
        }
    }
}
