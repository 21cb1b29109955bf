package dev.onpyrunner.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.onpyrunner.TestNode;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Pages of other origins: those of the allow-list may use the interface, and no others. */
@ExtendWith(TestNode.class)
@Timeout(60)
class CorsIT {
    private static Optional<String> header(HttpResponse<String> response, String name) {
        return response.headers().firstValue(name);
    }

    private static HttpResponse<String> preflight(TestNode node, String path, String origin) throws Exception {
        return node.send(node.request(path)
                .headers("Origin", origin, "Access-Control-Request-Method", "POST")
                .header("Access-Control-Request-Headers", "content-type,idempotency-key")
                .method("OPTIONS", BodyPublishers.noBody()));
    }

    private static HttpResponse<String> post(TestNode node, String origin) throws Exception {
        return node.send(node.request("/v1/jobs?wait=20")
                .headers("Origin", origin, "Content-Type", "text/x-python")
                .POST(BodyPublishers.ofString("print(1)")));
    }

    @Test
    void a_page_of_the_list_may_ask_and_read(TestNode node) throws Exception {
        HttpResponse<String> may = preflight(node, "/v1/jobs", TestNode.FRIEND);
        assertThat(may.statusCode()).isEqualTo(204);
        assertThat(header(may, "Access-Control-Allow-Origin")).hasValue(TestNode.FRIEND);
        assertThat(header(may, "Access-Control-Allow-Methods").orElseThrow()).contains("POST", "DELETE");
        assertThat(header(may, "Access-Control-Allow-Headers").orElseThrow()).contains("Idempotency-Key");
        assertThat(header(may, "Access-Control-Allow-Credentials")).isEmpty();
        HttpResponse<String> done = post(node, TestNode.FRIEND);
        assertThat(done.statusCode()).isEqualTo(200);
        assertThat(header(done, "Access-Control-Allow-Origin")).hasValue(TestNode.FRIEND);
        assertThat(header(done, "Access-Control-Expose-Headers").orElseThrow()).contains("Location", "RateLimit");
        HttpResponse<String> events = node.send(
                node.request(header(done, "Location").orElseThrow() + "/events").header("Origin", TestNode.FRIEND));
        assertThat(header(events, "Access-Control-Allow-Origin")).hasValue(TestNode.FRIEND);
    }

    @Test
    void others_may_not_and_the_own_page_goes_on(TestNode node) throws Exception {
        for (String origin : new String[] {"https://evil.example", "null", TestNode.FRIEND + ".evil.example"}) {
            HttpResponse<String> refused = preflight(node, "/v1/jobs", origin);
            assertThat(header(refused, "Access-Control-Allow-Origin"))
                    .as(origin)
                    .isEmpty();
            assertThat(refused.statusCode()).as(origin).isEqualTo(405);
        }
        HttpResponse<String> own = post(node, node.uri("").toString());
        assertThat(own.statusCode()).isEqualTo(200);
        assertThat(header(own, "Access-Control-Allow-Origin")).isEmpty();
        assertThat(header(preflight(node, "/metrics", TestNode.FRIEND), "Access-Control-Allow-Origin"))
                .isEmpty();
    }

    @Test
    void a_preflight_needs_no_key_and_a_refusal_can_be_read() throws Exception {
        Map<String, String> settings = Map.of("roles", "http", "http.anonymous", "false");
        try (TestNode node = TestNode.start(settings)) {
            assertThat(preflight(node, "/v1/jobs", TestNode.FRIEND).statusCode())
                    .isEqualTo(204);
            HttpResponse<String> refused = post(node, TestNode.FRIEND);
            assertThat(refused.statusCode()).isEqualTo(401);
            assertThat(header(refused, "Access-Control-Allow-Origin")).hasValue(TestNode.FRIEND);
        }
    }
}
