package dev.onpyrunner;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * A real node for tests: real Redis, real nsjail, real sockets, on a free port and with a data folder of its own.
 *
 * <p>As a JUnit extension it hands one node, shared by all test classes of a run, to tests that ask for it as a
 * parameter. A test that breaks its node starts one for itself.
 */
public final class TestNode implements AutoCloseable, ParameterResolver {
    public static final ObjectMapper JSON = new ObjectMapper();

    /** A page of this origin may open the console. */
    public static final String FRIEND = "https://friend.example";

    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private Node node;
    private Path data;
    private HttpClient http;

    /** For JUnit. */
    public TestNode() {}

    /** Starts a node; {@code flags} are settings by path. */
    public static TestNode start(Map<String, String> flags) throws IOException {
        TestNode test = new TestNode();
        test.data = Files.createTempDirectory("onpyrunner-test-");
        Map<String, String> all = new HashMap<>(Map.of(
                "http.port",
                "0",
                "runner.slots",
                "2",
                "runner.interactive_slots",
                "2",
                "runner.drain_ms",
                "500",
                "http.allowed_origins",
                FRIEND,
                "data_dir",
                test.data.toString()));
        all.putAll(flags);
        test.node = Node.start(NodeConfig.load(null, System.getenv(), all), () -> {});
        test.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(TIMEOUT)
                .build();
        return test;
    }

    public Node node() {
        return node;
    }

    public Path data() {
        return data;
    }

    public URI uri(String path) {
        return URI.create(node.url() + path);
    }

    public HttpClient http() {
        return http;
    }

    public HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(uri(path)).timeout(TIMEOUT);
    }

    public HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    public HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(request(path).GET());
    }

    /** Posts a body as JSON to {@code /v1/jobs} plus the given query. */
    public HttpResponse<String> post(String query, Object body) throws IOException, InterruptedException {
        String text = body instanceof String s ? s : JSON.writeValueAsString(body);
        return send(request("/v1/jobs" + query)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(text)));
    }

    /** Runs a program to its end; the finished job. */
    public JsonNode run(String source) throws IOException, InterruptedException {
        return run(Map.of("source", source));
    }

    /** Runs a request to its end; the finished job. */
    public JsonNode run(Map<String, ?> request) throws IOException, InterruptedException {
        HttpResponse<String> response = post("?wait=25", request);
        if (response.statusCode() != 200) {
            throw new AssertionError("status " + response.statusCode() + ": " + response.body());
        }
        return JSON.readTree(response.body());
    }

    /** Posts a program without waiting; the job's id. */
    public String submit(String source) throws IOException, InterruptedException {
        return submit(Map.of("source", source));
    }

    /** Posts a request without waiting; the job's id. */
    public String submit(Map<String, ?> request) throws IOException, InterruptedException {
        HttpResponse<String> response = post("", request);
        if (response.statusCode() != 202) {
            throw new AssertionError("status " + response.statusCode() + ": " + response.body());
        }
        return JSON.readTree(response.body()).get("id").textValue();
    }

    /** Waits until a job has ended. */
    public JsonNode awaitEnd(String id) throws IOException, InterruptedException {
        long end = System.nanoTime() + TIMEOUT.toNanos();
        while (System.nanoTime() < end) {
            JsonNode job = JSON.readTree(get("/v1/jobs/" + id + "?wait=10").body());
            String status = job.path("status").asText();
            if (!status.equals("QUEUED") && !status.equals("RUNNING")) {
                return job;
            }
        }
        throw new AssertionError("job " + id + " did not end in time");
    }

    /** Waits until a job has left the queue. */
    public JsonNode awaitStart(String id) throws IOException, InterruptedException {
        long end = System.nanoTime() + TIMEOUT.toNanos();
        String wait = ""; // a wait is for the next change, and the job may run already
        while (System.nanoTime() < end) {
            JsonNode job = JSON.readTree(get("/v1/jobs/" + id + wait).body());
            if (!job.path("status").asText().equals("QUEUED")) {
                return job;
            }
            wait = "?wait=1";
        }
        throw new AssertionError("job " + id + " did not start in time");
    }

    @Override
    public void close() throws IOException {
        node.close();
        try (var files = Files.walk(data)) {
            files.sorted(java.util.Comparator.reverseOrder())
                    .forEach(f -> f.toFile().delete());
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == TestNode.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return context.getRoot()
                .getStore(ExtensionContext.Namespace.create(TestNode.class))
                .computeIfAbsent("shared", k -> {
                    try {
                        // one client posts the jobs of all classes
                        return start(Map.of("queue.max_stored_bytes_per_client", "" + (8L << 30)));
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                });
    }
}
