package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.job.JobId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Clients of one node with addresses of their own, so that their jobs are in different partitions. */
final class Owners {
    private static final int TIMEOUT_MS = 10_000;

    private final TestNode node;

    Owners(TestNode node) {
        this.node = node;
    }

    /** Posts a job from the loopback address of this number; its id, or null when it was refused for the moment. */
    String submit(int owner, Map<String, ?> request) throws IOException {
        byte[] body = TestNode.JSON.writeValueAsBytes(request);
        try (Socket socket = new Socket()) {
            socket.bind(new InetSocketAddress("127.0." + owner / 250 + "." + (1 + owner % 250), 0));
            socket.connect(
                    new InetSocketAddress(
                            InetAddress.getLoopbackAddress(), node.uri("/").getPort()),
                    TIMEOUT_MS);
            socket.setSoTimeout(TIMEOUT_MS);
            String head =
                    "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
                            + "Content-Length: " + body.length + "\r\n\r\n";
            socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(body);
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(answer).containsPattern("^HTTP/1.1 (202|503) ");
            return answer.startsWith("HTTP/1.1 503")
                    ? null
                    : TestNode.JSON
                            .readTree(answer.substring(answer.indexOf("\r\n\r\n")))
                            .get("id")
                            .textValue();
        }
    }

    /** The same job from many clients; the ids, which are in all partitions. */
    List<String> submitFromAll(int partitions, Map<String, ?> request) {
        List<String> ids = new ArrayList<>();
        TreeSet<Integer> used = new TreeSet<>();
        int[] owner = {1};
        Await.until("every partition has taken a job", () -> {
            String id = submit(++owner[0], request);
            if (id != null) {
                ids.add(id);
                used.add(new JobId(id).partition());
            }
            return used.size() == partitions;
        });
        return ids;
    }

    /** Waits until a job has ended well, with this output. */
    JsonNode awaitOutput(String id, String stdout) {
        JsonNode[] last = new JsonNode[1];
        Await.until("job " + id + " has ended", () -> {
            // Not an answer while the job's Redis is away.
            last[0] = TestNode.JSON.readTree(
                    node.get("/v1/jobs/" + id + "?wait=1").body());
            return last[0].path("status").asText().equals("DONE");
        });
        assertThat(last[0].path("stdout").asText()).as(last[0].toString()).isEqualTo(stdout);
        return last[0];
    }
}
