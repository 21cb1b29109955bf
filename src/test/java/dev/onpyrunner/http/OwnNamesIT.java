package dev.onpyrunner.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.onpyrunner.TestNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A page whose name was made to lead here (DNS rebinding) gets nothing from a server that is for this machine alone. */
@ExtendWith(TestNode.class)
@Timeout(60)
class OwnNamesIT {
    private static final String POST = "POST /v1/jobs HTTP/1.1";

    private static int status(TestNode node, String line, String host, String... headers) throws IOException {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), node.uri("/").getPort())) {
            String more = String.join("\r\n", headers);
            String request = line + "\r\nHost: " + host + "\r\nConnection: close\r\n" + more
                    + (more.isEmpty() ? "" : "\r\n") + "Content-Type: text/x-python\r\nContent-Length: 0\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            byte[] answer = socket.getInputStream().readNBytes(12);
            return Integer.parseInt(new String(answer, 9, 3, StandardCharsets.US_ASCII));
        }
    }

    @Test
    void other_names_are_refused_and_its_own_are_not(TestNode node) throws IOException {
        String stranger = "evil.example:" + node.uri("/").getPort();
        assertThat(status(node, POST, stranger, "Origin: http://" + stranger)).isEqualTo(403);
        assertThat(status(node, POST, stranger)).isEqualTo(403);
        assertThat(status(node, "GET / HTTP/1.1", stranger)).isEqualTo(403);
        assertThat(status(
                        node,
                        "GET /v1/jobs/0-00000000000000000000000000/console HTTP/1.1",
                        stranger,
                        "Origin: http://" + stranger,
                        "Upgrade: websocket",
                        "Sec-WebSocket-Version: 13",
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="))
                .isEqualTo(403);
        for (String own : new String[] {"localhost", "LocalHost:1", "127.0.0.1:8080", "[::1]:8080"}) {
            assertThat(status(node, POST, own)).as(own).isEqualTo(202);
        }
    }

    @Test
    void an_operator_names_others() throws IOException {
        try (TestNode node = TestNode.start(Map.of("roles", "http", "http.allowed_origins", "https://run.example"))) {
            assertThat(status(node, POST, "run.example")).isEqualTo(202);
            assertThat(status(node, POST, "evil.example")).isEqualTo(403);
        }
        try (TestNode node = TestNode.start(Map.of("roles", "http", "http.trusted_proxies", "127.0.0.1"))) {
            assertThat(status(node, POST, "run.example")).isEqualTo(202);
        }
    }
}
