package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.cluster.BridgeSettings;
import dev.onpyrunner.cluster.TcpBridge;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The event bus over TCP, heard by the Python peer and by clients that mean no good. */
@Timeout(60)
class TcpBridgeIT {
    private static final String SECRET = "sixteen characters and more";
    private static final int TIMEOUT_MS = 20_000;

    private static TestNode node;

    @BeforeAll
    static void start() throws IOException {
        node = TestNode.start(Map.of("bridge.enabled", "true", "bridge.port", "0", "bridge.secret", SECRET));
    }

    @AfterAll
    static void stop() throws IOException {
        node.close();
    }

    private static Process peer(String secret) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                "/usr/bin/python3",
                "examples/peer/follow_ends.py",
                "--port",
                String.valueOf(node.node().bridgePort()));
        builder.environment().put("ONPY_BRIDGE_SECRET", secret);
        return builder.start();
    }

    private static BufferedReader reader(InputStream stream) {
        return new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8));
    }

    /** A client of ours, frame by frame. */
    private static final class Client implements AutoCloseable {
        private final Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), node.node().bridgePort());
        private final DataInputStream in = new DataInputStream(socket.getInputStream());
        private final DataOutputStream out = new DataOutputStream(socket.getOutputStream());

        Client() throws IOException {
            socket.setSoTimeout(TIMEOUT_MS);
        }

        Client send(String frame) throws IOException {
            byte[] bytes = frame.getBytes(StandardCharsets.UTF_8);
            out.writeInt(bytes.length);
            out.write(bytes);
            return this;
        }

        JsonNode next() throws IOException {
            byte[] bytes = new byte[in.readInt()];
            in.readFully(bytes);
            return TestNode.JSON.readTree(bytes);
        }

        boolean isClosed() throws IOException {
            try {
                return in.read() < 0;
            } catch (SocketException e) {
                return true;
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private static Client known() throws IOException {
        Client client = new Client();
        client.send("{\"type\":\"ping\",\"headers\":{\"secret\":\"" + SECRET + "\"}}");
        assertThat(client.next().path("type").asText()).isEqualTo("pong");
        return client;
    }

    @Test
    void the_peer_in_python_hears_of_every_end() throws Exception {
        Process peer = peer(SECRET);
        try (BufferedReader said = reader(peer.getInputStream());
                BufferedReader told = reader(peer.getErrorStream())) {
            assertThat(told.readLine()).isEqualTo("listening");
            String done = node.run("print(1)").path("id").asText();
            assertThat(said.readLine()).isEqualTo(done + " DONE");
            String cancelled = node.submit("import time; time.sleep(50)");
            node.awaitStart(cancelled);
            node.send(node.request("/v1/jobs/" + cancelled).DELETE());
            assertThat(said.readLine()).isEqualTo(cancelled + " CANCELLED");
        } finally {
            peer.destroyForcibly();
        }
    }

    @Test
    void who_does_not_know_the_secret_is_told_so() throws Exception {
        Process peer = peer("another secret of many characters");
        assertThat(reader(peer.getErrorStream()).readLine()).isEqualTo("the node refuses: access_denied");
        assertThat(peer.waitFor()).isEqualTo(1);
    }

    @Test
    void a_port_that_is_taken_is_told_with_its_setting() throws IOException {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            int taken = other.getLocalPort();
            TcpBridge second = new TcpBridge(new BridgeSettings(true, "127.0.0.1", taken, SECRET), port -> {});
            assertThatThrownBy(() -> Await.get(node.node().vertx().deployVerticle(second)))
                    .hasStackTraceContaining(
                            "The bridge cannot listen at 127.0.0.1:" + taken + " (bridge.host, bridge.port)");
        }
    }

    @Test
    void one_jobs_events_are_heard_until_it_is_unregistered() throws Exception {
        String id = node.submit(Map.of("source", "for line in open(0): print(line, end='')", "interactive", true));
        node.awaitStart(id);
        String address = "\"address\":\"onpyrunner.job." + id + "\"}";
        try (Client client = known()) {
            client.send("{\"type\":\"register\"," + address).send("{\"type\":\"ping\"}");
            assertThat(client.next().path("type").asText()).isEqualTo("pong");
            new JobClient(node.node().url()).input(id, "hello\n".getBytes(StandardCharsets.UTF_8), false);
            JsonNode message;
            do {
                message = client.next();
                assertThat(message.path("address").asText()).isEqualTo("onpyrunner.job." + id);
            } while (!message.path("body").asText().contains("\"out\""));
            assertThat(message.at("/headers/first").asText()).isNotEmpty();
            client.send("{\"type\":\"unregister\"," + address).send("{\"type\":\"unregister\"," + address);
            do {
                message = client.next();
            } while (message.path("type").asText().equals("message"));
            assertThat(message.path("message").asText()).isEqualTo("unknown_address");
        }
        node.send(node.request("/v1/jobs/" + id).DELETE());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"register\",\"address\":\"onpyrunner.jobs\"}",
                "{\"type\":\"register\",\"address\":\"onpyrunner.job.x\"}",
                "{\"type\":\"register\"}",
                "{\"type\":\"send\",\"address\":\"onpyrunner.jobs\",\"body\":{}}",
                "{\"type\":\"publish\",\"address\":\"onpyrunner.ends\",\"body\":{}}",
                "{}"
            })
    void nothing_else_can_be_heard_and_nothing_said(String frame) throws IOException {
        try (Client client = known()) {
            assertThat(client.send(frame).next().path("type").asText()).isEqualTo("err");
        }
    }

    @Test
    void bad_frames_end_the_connection() throws IOException {
        for (String bad : new String[] {"no json", "[]", "{\"type\":5}", "{\"headers\":1}"}) {
            try (Client client = new Client()) {
                assertThat(client.send(bad).next().path("type").asText())
                        .as(bad)
                        .isEqualTo("err");
                assertThat(client.isClosed()).as(bad).isTrue();
            }
        }
        for (int length : new int[] {0, -1, Integer.MAX_VALUE, 16_385}) {
            try (Client client = new Client()) {
                client.out.writeInt(length);
                assertThat(client.next().path("type").asText()).isEqualTo("err");
                assertThat(client.isClosed()).isTrue();
            }
        }
    }

    @Test
    void one_who_does_not_read_is_cut_off() throws Exception {
        try (Client client = known();
                Client reader = known()) {
            for (Client one : List.of(client, reader)) {
                one.send("{\"type\":\"register\",\"address\":\"onpyrunner.ends\"}")
                        .send("{\"type\":\"ping\"}");
                assertThat(one.next().path("type").asText()).isEqualTo("pong");
            }
            io.vertx.core.json.JsonObject large = new io.vertx.core.json.JsonObject()
                    .put("id", "x".repeat(100_000))
                    .put("status", "DONE");
            for (int n = 0; n < 300; n++) { // 30 MB: more than the kernel keeps for the two of them
                node.node().vertx().eventBus().publish("onpyrunner.ends", large);
                reader.next(); // so that it has been written, and does not wait on the event bus
            }
            int frames = 0;
            try {
                while (true) {
                    client.next();
                    frames++;
                }
            } catch (EOFException | SocketException e) {
                assertThat(frames).isLessThan(300);
            }
        }
    }
}
