package dev.onpyrunner.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.TestNode;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who counts as one client, and what one client may. */
@Timeout(60)
class ClientsIT {
    private static HttpResponse<String> post(TestNode node, String forwarded) throws Exception {
        return node.send(node.request("/v1/jobs")
                .header("Content-Type", "text/x-python")
                .header("X-Forwarded-For", forwarded)
                .POST(BodyPublishers.ofString("print(1)")));
    }

    private static TestNode oneJobEach(String proxies) throws IOException {
        return TestNode.start(
                Map.of("roles", "http", "queue.max_live_per_client", "1", "http.trusted_proxies", proxies));
    }

    @Test
    void behind_a_trusted_proxy_the_forwarded_address_is_the_client() throws Exception {
        try (TestNode node = oneJobEach("127.0.0.0/8,10.0.0.9")) {
            assertThat(post(node, "203.0.113.1").statusCode()).isEqualTo(202);
            assertThat(post(node, "203.0.113.1").statusCode()).isEqualTo(429);
            assertThat(post(node, "203.0.113.2").statusCode()).isEqualTo(202);
            assertThat(post(node, "198.51.100.7, 203.0.113.2").statusCode())
                    .as("what the client itself sent does not count")
                    .isEqualTo(429);
            assertThat(post(node, "203.0.113.1, 10.0.0.9").statusCode())
                    .as("the address before another trusted proxy")
                    .isEqualTo(429);
            assertThat(post(node, "2001:db8:0:1::5").statusCode()).isEqualTo(202);
            assertThat(post(node, "2001:db8:0:1:ffff::6").statusCode())
                    .as("the same network of 64 bits")
                    .isEqualTo(429);
            assertThat(post(node, "2001:db8:0:2::5").statusCode()).isEqualTo(202);
            assertThat(post(node, "::ffff:203.0.113.1").statusCode())
                    .as("the same address, written for IPv6")
                    .isEqualTo(429);
            assertThat(post(node, "nonsense {0}").statusCode())
                    .as("counts as the proxy")
                    .isEqualTo(202);
            assertThat(post(node, "").statusCode()).isEqualTo(429);
        }
    }

    @Test
    void what_nobody_trusted_forwards_is_not_believed() throws Exception {
        try (TestNode node = oneJobEach("")) {
            assertThat(post(node, "203.0.113.1").statusCode()).isEqualTo(202);
            assertThat(post(node, "203.0.113.2").statusCode()).isEqualTo(429);
        }
    }

    @Test
    void who_posts_too_often_or_stores_too_much_is_429_and_hears_when_again() throws Exception {
        try (TestNode node = TestNode.start(Map.of(
                "roles", "http", "queue.posts_per_second_per_client", "1", "queue.posts_at_once_per_client", "2"))) {
            node.submit("1");
            node.submit("1");
            HttpResponse<String> refused = node.post("", Map.of("source", "1"));
            assertThat(refused.statusCode()).isEqualTo(429);
            assertThat(refused.body()).contains("Slow down");
            assertThat(refused.headers().firstValue("Retry-After")).contains("1");
        }
        try (TestNode node = TestNode.start(Map.of("queue.max_stored_bytes_per_client", "100000"))) {
            String id = node.run("print('x' * 90_000)").get("id").textValue();
            Map<String, String> next = Map.of("source", "#".repeat(20_000));
            HttpResponse<String> refused = node.post("", next);
            assertThat(refused.statusCode()).isEqualTo(429);
            assertThat(refused.body()).contains("purge=true");
            assertThat(Long.parseLong(
                            refused.headers().firstValue("Retry-After").orElseThrow()))
                    .as("until that job expires, in seconds")
                    .isBetween(3_000L, 3_600L);
            node.send(node.request("/v1/jobs/" + id + "?purge=true").DELETE());
            assertThat(node.post("", next).statusCode()).isEqualTo(202);
        }
    }

    @Test
    void a_request_that_can_never_be_stored_is_too_large() throws Exception {
        try (TestNode node = TestNode.start(Map.of("roles", "http", "queue.max_queued_bytes", "100000"))) {
            HttpResponse<String> refused = node.post("", Map.of("source", "#".repeat(100_000)));
            assertThat(refused.statusCode()).isEqualTo(413);
            assertThat(refused.body()).contains("at most 98000");
            assertThat(refused.headers().firstValue("Retry-After")).isEmpty();
        }
    }

    @Test
    void nobody_writes_more_than_there_is_room_for() throws Exception {
        try (TestNode node = TestNode.start(Map.of("queue.max_stored_bytes_per_client", "300000"))) {
            Map<String, String> loud = Map.of("source", "for i in range(1000): print('x' * 999)");
            JsonNode job = node.run(loud);
            assertThat(job.get("outcome").textValue()).isEqualTo("OUTPUT_LIMIT");
            assertThat(job.get("stdout_bytes").intValue()).isBetween(200_000, 300_000);
            assertThat(job.get("message").textValue()).contains("purge=true");
            assertThat(node.post("", loud).statusCode()).isEqualTo(429);
            node.send(node.request("/v1/jobs/" + job.get("id").textValue() + "?purge=true")
                    .DELETE());
            JsonNode file = node.run(Map.of(
                    "source",
                    "open('a', 'w').write('x' * 400_000); open('b', 'w').write('x' * 100_000)",
                    "collect",
                    List.of("a", "b")));
            assertThat(file.get("files")).hasSize(1);
            assertThat(file.at("/files/0/path").textValue()).isEqualTo("b");
            assertThat(file.get("message").textValue()).contains("1 left out");
        }
    }

    @Test
    void when_too_many_wait_one_more_is_answered_at_once() throws Exception {
        try (TestNode node = TestNode.start(Map.of("roles", "http", "http.max_waiting", "3"))) {
            for (int round = 0; round < 3; round++) {
                String id = node.submit("1");
                List<CompletableFuture<HttpResponse<String>>> waiting = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    waiting.add(node.http()
                            .sendAsync(
                                    node.request("/v1/jobs/" + id + "?wait=20").build(),
                                    HttpResponse.BodyHandlers.ofString()));
                }
                HttpResponse<?> first =
                        (HttpResponse<?>) CompletableFuture.anyOf(waiting.toArray(CompletableFuture[]::new))
                                .get();
                assertThat(first.statusCode()).isEqualTo(200);
                assertThat(first.headers().firstValue("Preference-Applied"))
                        .as("it did not wait")
                        .isEmpty();
                assertThat(waiting.stream().filter(w -> !w.isDone())).hasSize(3);
                // One gives up: its place is free, too.
                waiting.removeIf(CompletableFuture::isDone);
                waiting.remove(0).cancel(true);
                node.send(node.request("/v1/jobs/" + id).DELETE());
                for (CompletableFuture<HttpResponse<String>> w : waiting) {
                    assertThat(w.get().statusCode()).isEqualTo(200);
                }
            }
        }
    }
}
