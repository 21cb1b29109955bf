package dev.onpyrunner.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.onpyrunner.Await;
import dev.onpyrunner.HandRunner;
import dev.onpyrunner.NodeConfig;
import dev.onpyrunner.TestNode;
import dev.onpyrunner.console.ConsoleRoutes;
import dev.onpyrunner.job.FreeSlots;
import dev.onpyrunner.job.JobBus;
import dev.onpyrunner.job.JobMeters;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.Nodes;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@code api/openapi.yaml} and the server say the same. */
@ExtendWith(TestNode.class)
@Timeout(90)
class ContractIT {
    /** Parts of the page, which nobody calls by themselves. */
    private static final Set<String> PAGE = Set.of("GET /assets/{name}", "GET /favicon.svg", "GET /third-party.txt");

    private static final String NEVER = "0-00000000000000000000000000";

    private static Router router(Vertx vertx) {
        JobStore store =
                new JobStore(null, NodeConfig.load(null, Map.of(), Map.of()).queue());
        JobBus bus = new JobBus(vertx);
        HttpVerticle.Node node = new HttpVerticle.Node() {
            @Override
            public FreeSlots freeSlots() {
                return FreeSlots.NONE;
            }

            @Override
            public String name() {
                return "test";
            }

            @Override
            public boolean takesJobs() {
                return true;
            }

            @Override
            public JobBus bus() {
                return bus;
            }

            @Override
            public JobMeters meters() {
                return new JobMeters();
            }

            @Override
            public BooleanSupplier ready() {
                return () -> true;
            }

            @Override
            public Runnable mountConsole(
                    Router router, Vertx v, JobStore s, BiFunction<Throwable, String, JsonObject> problems) {
                return ConsoleRoutes.mount(router, v, s, bus, problems, Set.of());
            }

            @Override
            public void mountDoors(Router router, Desk desk) {
                // Other people's protocols have contracts of their own.
            }

            @Override
            public Optional<KeyCertOptions> certificate() {
                return Optional.empty();
            }

            @Override
            public void listening(HttpServer server) {
                throw new IllegalStateException("nothing listens here");
            }
        };
        Nodes nodes = new Nodes(null, store.settings());
        return Routes.of(
                        vertx,
                        JobReaderTest.SETTINGS,
                        store,
                        null,
                        nodes,
                        null,
                        null,
                        new Waits(vertx, store, bus, 10, 60),
                        node,
                        "test")
                .router();
    }

    @Test
    void every_route_is_in_the_contract_and_every_operation_has_a_route() throws Exception {
        Vertx vertx = Vertx.vertx();
        try {
            Set<String> routes = new TreeSet<>();
            for (Route route : router(vertx).getRoutes()) {
                if (route.getPath() == null) {
                    continue; // for all paths
                }
                for (HttpMethod method : route.methods()) {
                    // HEAD is not listed.
                    if (!method.equals(HttpMethod.HEAD)) {
                        String path = route.getPath() + (route.isExactPath() ? "" : ":path");
                        routes.add(method + " " + path.replaceAll(":([a-z]+)", "{$1}"));
                    } else {
                        assertThat(route.methods()).contains(HttpMethod.GET);
                    }
                }
                if (route.methods().contains(HttpMethod.GET) && !route.getPath().endsWith("/console")) {
                    assertThat(route.methods()).as(route.getPath()).contains(HttpMethod.HEAD);
                }
            }
            routes.removeAll(PAGE);
            assertThat(routes).isEqualTo(new Contract().operations());
        } finally {
            Await.get(vertx.close());
        }
    }

    @Test
    void every_example_is_valid() throws Exception {
        assertThat(new Contract().checkExamples()).isGreaterThan(40);
    }

    @Test
    void what_the_contract_does_not_know_is_found() throws Exception {
        Contract contract = new Contract();
        ObjectNode problem = (ObjectNode)
                tree(Problem.of(Problem.Kind.GONE, "It is gone.").toJson("/x").encode());
        contract.checkSchema("Problem", problem, true);
        problem.put("trace", "at dev.onpyrunner");
        assertThat(catchThrowable(() -> contract.checkSchema("Problem", problem, true)))
                .hasMessageContaining("trace");
        problem.put("status", "410");
        assertThat(contract.isValid("Problem", problem)).isFalse();
        assertThat(contract.isValid("Job", tree("{}"))).isFalse();
        assertThat(contract.isValid("ServerMessage", tree("{\"op\":\"hello\"}")))
                .isFalse();
    }

    @Test
    void the_examples_of_requests_are_taken(TestNode node) throws Exception {
        Contract contract = new Contract();
        for (JsonNode example : contract.requestExamples("POST /v1/jobs", "application/json")) {
            contract.checkSchema("JobRequest", example, false);
            ObjectNode request = ((ObjectNode) example.deepCopy()).without("runtime");
            HttpResponse<String> response = node.post("?wait=20", request);
            contract.check("POST /v1/jobs", response);
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.body()).contains("\"OK\"");
        }
        for (JsonNode example : contract.requestExamples("POST /v1/jobs", "text/x-python")) {
            assertThat(node.send(node.request("/v1/jobs?wait=20")
                                    .header("Content-Type", "text/x-python")
                                    .POST(BodyPublishers.ofString(example.textValue())))
                            .statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void a_request_is_taken_if_and_only_if_the_contract_allows_it(TestNode node) throws Exception {
        Contract contract = new Contract();
        String limits = "{\"source\":\"\",\"limits\":{\"%s\":%s}}";
        List<String> requests = new ArrayList<>(List.of(
                "{}",
                "{\"source\":\"\"}",
                "{\"source\":null}",
                "{\"source\":\"\",\"sorce\":\"\"}",
                "{\"files\":[]}",
                "{\"files\":[{\"path\":\"main.py\",\"content\":\"\"}]}",
                "{\"files\":[{\"path\":\"main.py\",\"content_base64\":\"\"}]}",
                "{\"files\":[{\"path\":\"main.py\"}]}",
                "{\"files\":[{\"path\":\"main.py\",\"content\":\"\",\"content_base64\":\"\"}]}",
                "{\"files\":[{\"path\":\"main.py\",\"content\":\"\",\"mode\":7}]}",
                "{\"source\":\"\",\"stdin\":\"\",\"stdin_base64\":\"\"}",
                "{\"source\":\"\",\"stdin_base64\":\"AA==\"}",
                "{\"source\":\"\",\"args\":[\"a\\u0000\"]}",
                "{\"source\":\"\",\"args\":[1]}",
                "{\"source\":\"\",\"env\":{\"\":\"\"}}",
                "{\"source\":\"\",\"env\":{\"A=\":\"\"}}",
                "{\"source\":\"\",\"env\":{\"A\\u0000\":\"\"}}",
                "{\"source\":\"\",\"env\":{\"A\":1}}",
                "{\"source\":\"\",\"env\":{\"A\":\"\"}}",
                "{\"source\":\"\",\"priority\":0}",
                "{\"source\":\"\",\"priority\":7}",
                "{\"source\":\"\",\"priority\":-1}",
                "{\"source\":\"\",\"priority\":8}",
                "{\"source\":\"\",\"retention_s\":0}",
                "{\"source\":\"\",\"retention_s\":86400}",
                "{\"source\":\"\",\"retention_s\":86401}",
                "{\"source\":\"\",\"max_starts\":0}",
                "{\"source\":\"\",\"max_starts\":1}",
                "{\"source\":\"\",\"interactive\":false,\"collect\":[]}",
                "{\"source\":\"\",\"interactive\":\"false\"}",
                "{\"source\":\"\",\"collect\":[\"**/*.png\"]}",
                "{\"source\":\"\",\"collect\":[7]}",
                "{\"source\":\"\",\"collect\":[\"" + "x".repeat(256) + "\"]}",
                "{\"source\":\"\",\"collect\":[\"" + "x".repeat(257) + "\"]}",
                "{\"source\":\"\",\"limits\":{}}",
                "{\"source\":\"\",\"limits\":{\"speed\":1}}"));
        for (String path :
                List.of("a", "a/b", "", "/a", "a/", "a//b", ".", "./a", "a/../b", "..", "...", ".a", "a\\u0000")) {
            requests.add("{\"source\":\"\",\"files\":[{\"path\":\"" + path + "\",\"content\":\"\"}]}");
            requests.add("{\"source\":\"\",\"entry\":\"" + path + "\"}");
            requests.add("{\"source\":\"\",\"collect\":[\"" + path + "\"]}");
        }
        Map<String, Long> maxima = Map.of(
                "cpu_ms", 60_000L,
                "wall_ms", 600_000L,
                "idle_ms", 600_000L,
                "memory_bytes", 1L << 30,
                "output_bytes", 1L << 24,
                "processes", 256L,
                "disk_bytes", 1L << 28);
        maxima.forEach((name, max) -> {
            for (Object value : new Object[] {0, -1, 1, max, max + 1, "\"1\"", "null", "1.5"}) {
                requests.add(limits.formatted(name, value));
            }
        });
        requests.add(
                "{\"source\":\"\",\"args\":" + TestNode.JSON.writeValueAsString(Collections.nCopies(129, "")) + "}");
        requests.add("{\"source\":\"\",\"args\":[\"" + "x".repeat(32_769) + "\"]}");
        for (int n : new int[] {32, 33}) {
            requests.add("{\"source\":\"\",\"collect\":" + TestNode.JSON.writeValueAsString(Collections.nCopies(n, "a"))
                    + "}");
        }
        for (String request : requests) {
            HttpResponse<String> response = node.post("", request);
            contract.check("POST /v1/jobs", response);
            assertThat(response.statusCode() == 202)
                    .as(request + " gives " + response.body())
                    .isEqualTo(contract.isValid("JobRequest", TestNode.JSON.readTree(request)));
        }
    }

    @Test
    void every_operation_answers_as_promised(TestNode node) throws Exception {
        Contract contract = new Contract();
        HttpRequest.Builder post = node.request("/v1/jobs").header("Content-Type", "application/json");
        String hello = "{\"source\":\"print('hello')\"}";
        String sleep = "{\"source\":\"import time; print(1, flush=True); time.sleep(60)\"}";
        HttpResponse<String> done = node.post("?wait=20", hello);
        contract.check("POST /v1/jobs", done);
        String id = TestNode.JSON.readTree(done.body()).get("id").textValue();
        HttpResponse<String> running = node.post("?wait=1", sleep);
        contract.check("POST /v1/jobs", running);
        String live = TestNode.JSON.readTree(running.body()).get("id").textValue();
        for (String body : List.of("x", "{}", "{\"source\":\"1\",\"stdin\":\"" + "x".repeat(9_000_000) + "\"}")) {
            contract.check("POST /v1/jobs", node.post("", body));
        }
        contract.check(
                "POST /v1/jobs",
                node.send(post.copy().header("Accept", "text/html").POST(BodyPublishers.ofString(hello))));
        contract.check("POST /v1/jobs", node.send(node.request("/v1/jobs").POST(BodyPublishers.ofString(hello))));
        contract.check("POST /v1/jobs", node.send(node.request("/v1/jobs").PUT(BodyPublishers.ofString(hello))));
        for (int i = 0; i < 2; i++) {
            contract.check(
                    "POST /v1/jobs",
                    node.send(post.copy().header("Idempotency-Key", "contract").POST(BodyPublishers.ofString(hello))));
        }
        contract.check(
                "POST /v1/jobs",
                node.send(post.copy().header("Idempotency-Key", "contract").POST(BodyPublishers.ofString(sleep))));

        String gone = node.run("1").get("id").textValue();
        String job = "/v1/jobs/{id}";
        contract.check("GET " + job, node.get("/v1/jobs/" + live));
        assertThat(node.get("/v1/jobs/" + live).body()).contains("RUNNING");
        HttpResponse<String> got = node.get("/v1/jobs/" + id);
        contract.check("GET " + job, got);
        contract.check(
                "GET " + job,
                node.send(node.request("/v1/jobs/" + id)
                        .header(
                                "If-None-Match",
                                got.headers().firstValue("ETag").orElseThrow())));
        contract.check("GET " + job, node.get("/v1/jobs/" + id + "?wait=x"));
        contract.check(
                "DELETE " + job, node.send(node.request("/v1/jobs/" + live).DELETE()));
        node.awaitEnd(live);
        contract.check(
                "DELETE " + job, node.send(node.request("/v1/jobs/" + live).DELETE()));
        contract.check("GET " + job, node.get("/v1/jobs/" + live));
        contract.check(
                "DELETE " + job,
                node.send(node.request("/v1/jobs/" + gone + "?purge=true").DELETE()));
        contract.check(
                "DELETE " + job, node.send(node.request("/v1/jobs/" + gone).DELETE()));
        contract.check(
                "DELETE " + job, node.send(node.request("/v1/jobs/" + NEVER).DELETE()));
        contract.check(
                "DELETE " + job,
                node.send(node.request("/v1/jobs/" + NEVER + "?purge=1").DELETE()));
        contract.check(
                "DELETE " + job,
                node.send(node.request("/v1/jobs/" + id).header("Accept", "a/b").DELETE()));

        for (String below : List.of("", "/events", "/stdout", "/stderr", "/spec")) {
            String operation = "GET " + job + below;
            contract.check(operation, node.get("/v1/jobs/" + id + below));
            contract.check(operation, node.get("/v1/jobs/" + NEVER + below));
            contract.check(operation, node.get("/v1/jobs/" + gone + below));
            contract.check(
                    operation, node.send(node.request("/v1/jobs/" + id + below).header("Accept", "a/b")));
            contract.check(
                    operation, node.send(node.request("/v1/jobs/" + id + below).POST(BodyPublishers.noBody())));
        }
        contract.check("GET " + job + "/events", node.get("/v1/jobs/" + id + "/events?after=x"));
        String console = "GET " + job + "/console";
        contract.check(console, node.get("/v1/jobs/" + id + "/console"));

        String talk = node.submit(Map.of("source", "input()", "interactive", true));
        for (String input : List.of("stdin", "signal")) {
            String operation = "POST " + job + "/" + input;
            String good = input.equals("stdin") ? "?eof=true" : "";
            String body = "{\"signal\":\"INT\"}";
            node.awaitStart(talk);
            for (String to : List.of(talk, id, gone, NEVER)) {
                contract.check(operation, send(node, to + "/" + input + good, body));
            }
            contract.check(operation, send(node, talk + "/" + input + "?eof=1", ""));
            contract.check(operation, send(node, talk + "/" + input, "x".repeat(9_000_000)));
            node.awaitEnd(talk);
            talk = node.submit(Map.of("source", "input()", "interactive", true));
        }
        send(node, talk + "/stdin?eof=true", "");

        check_batches(contract, node);
        contract.check("POST /v1/tickets", node.send(node.request("/v1/tickets").POST(BodyPublishers.noBody())));
        contract.check(
                "POST /v1/tickets",
                node.send(node.request("/v1/tickets").header("Accept", "a/b").POST(BodyPublishers.noBody())));
        contract.check(
                "DELETE /v1/tickets", node.send(node.request("/v1/tickets").DELETE()));

        for (String path : List.of("/v1/queue", "/v1/limits", "/v1/runtimes")) {
            contract.check("GET " + path, node.send(node.request(path).header("Accept", "a/b")));
        }
        for (String path : List.of(
                "/healthz",
                "/readyz",
                "/openapi.yaml",
                "/docs",
                "/admin",
                "/",
                "/v1/queue",
                "/v1/limits",
                "/v1/runtimes")) {
            contract.check("GET " + path, node.get(path));
            contract.check("GET " + path, node.send(node.request(path).DELETE()));
        }
        contract.check("GET /problems/{slug}", node.get("/problems/gone"));
        contract.check("GET /problems/{slug}", node.get("/problems/none"));

        Set<String> missing = new TreeSet<>(contract.promised());
        missing.removeAll(contract.seen());
        // 429 and 503 are ProblemsIT's, 401 ApiKeysIT's, and a WebSocket's answers ConsoleSocketIT's.
        // A file's are checked below, the operator's in OperatorRoutesIT, a ticket's in ApiKeysIT.
        missing.removeIf(m -> m.endsWith(" 401")
                || m.endsWith(" 429")
                || m.endsWith(" 503")
                || m.startsWith(console)
                || m.matches("POST /v1/tickets 20.")
                || m.matches("[A-Z]+ (/v1/nodes|/v1/running|/v1/dead|/metrics).*")
                || m.startsWith("GET /v1/jobs/{id}/files/{path}"));
        assertThat(missing).isEmpty();
    }

    private static void check_batches(Contract contract, TestNode node) throws Exception {
        String create = "POST /v1/batches";
        String cases =
                "{\"program\":{\"source\":\"print(input())\"},\"cases\":[{\"stdin\":\"1\",\"expect\":{\"stdout\":\"1\"}}]}";
        HttpRequest.Builder post = node.request("/v1/batches?wait=20").header("Content-Type", "application/json");
        HttpResponse<String> done = node.send(post.copy().POST(BodyPublishers.ofString(cases)));
        contract.check(create, done);
        String large = cases.replace("\"1\"", "\"" + "x".repeat(9_000_000) + "\"");
        for (String body : List.of("x", "{}", cases.replace("cases", "jobs"), large)) {
            contract.check(create, node.send(post.copy().POST(BodyPublishers.ofString(body))));
        }
        contract.check(create, node.send(post.copy().header("Accept", "a/b").POST(BodyPublishers.ofString(cases))));
        contract.check(create, node.send(node.request("/v1/batches").POST(BodyPublishers.ofString(cases))));
        String sleep =
                "{\"jobs\":[{\"source\":\"import signal, time; signal.signal(2, signal.SIG_IGN); print(1, flush=True);"
                        + " time.sleep(60)\",\"limits\":{\"wall_ms\":60000}}]}";
        HttpResponse<String> live = node.send(node.request("/v1/batches")
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(sleep)));
        contract.check(create, live);
        String id = TestNode.JSON.readTree(live.body()).get("id").textValue();
        // It does not end at once when it is cancelled.
        Await.until(
                "it ignores SIGINT",
                () -> node.get("/v1/jobs/" + id + "/stdout").body().equals("1\n"));
        for (String of : List.of("/v1/batches/" + id, "/v1/batches/0-00000000000000000000000000")) {
            contract.check("GET /v1/batches/{id}", node.get(of));
            contract.check("GET /v1/batches/{id}", node.get(of + "?wait=x"));
            contract.check("GET /v1/batches/{id}", node.send(node.request(of).header("Accept", "a/b")));
            contract.check(
                    "DELETE /v1/batches/{id}",
                    node.send(node.request(of).header("Accept", "a/b").DELETE()));
            contract.check("DELETE /v1/batches/{id}", node.send(node.request(of).DELETE()));
            contract.check("GET /v1/batches/{id}/events", node.get(of + "/events"));
            contract.check(
                    "GET /v1/batches/{id}/events",
                    node.send(node.request(of + "/events").header("Accept", "a/b")));
            contract.check("DELETE /v1/batches/{id}", node.send(node.request(of).DELETE()));
        }
    }

    private static HttpResponse<String> send(TestNode node, String path, String body) throws Exception {
        return node.send(node.request("/v1/jobs/" + path).POST(BodyPublishers.ofString(body)));
    }

    @Test
    void a_file_is_answered_as_promised() throws Exception {
        Contract contract = new Contract();
        String operation = "GET /v1/jobs/{id}/files/{path}";
        try (TestNode own = TestNode.start(Map.of("roles", "http"));
                HandRunner runner = new HandRunner(own)) {
            String id = runner.run(Map.of("a b.csv", Buffer.buffer("1,2\n"), "p.png", Buffer.buffer("x")));
            HttpResponse<String> job = own.get("/v1/jobs/" + id);
            contract.check("GET /v1/jobs/{id}", job);
            for (JsonNode file : tree(job.body()).get("files")) {
                contract.check(operation, own.get(file.get("url").textValue()));
            }
            String url = "/v1/jobs/" + id + "/files/p.png";
            contract.check(operation, own.get(url + "x"));
            contract.check(operation, own.send(own.request(url).header("Sec-Fetch-Dest", "script")));
            contract.check(operation, own.get("/v1/jobs/" + NEVER + "/files/a"));
            contract.check(operation, own.send(own.request(url).POST(BodyPublishers.noBody())));
            own.send(own.request("/v1/jobs/" + id + "?purge=true").DELETE());
            contract.check(operation, own.get(url));
            assertThat(contract.seen())
                    .contains(operation + " 200", operation + " 404", operation + " 405", operation + " 410");
        }
    }

    @Test
    void the_contract_that_is_served_is_this_one(TestNode node) throws Exception {
        assertThat(node.get("/openapi.yaml").body())
                .isEqualTo(java.nio.file.Files.readString(java.nio.file.Path.of("api/openapi.yaml")));
    }

    @Test
    void jobs_of_every_kind_and_their_events_are_as_promised(TestNode node) throws Exception {
        Contract contract = new Contract();
        for (String source : List.of(
                "print('hello')",
                "1/0",
                "import sys; sys.exit(3)",
                "import os; os.kill(os.getpid(), 11)",
                "while True: pass",
                "import time; time.sleep(60)",
                "x = bytearray(1 << 30)",
                "while True: print('x' * 1000)",
                "import os\nfor i in range(100): os.fork()")) {
            HttpResponse<String> response = node.post(
                    "?wait=25",
                    Map.of("source", source, "limits", Map.of("cpu_ms", 500, "wall_ms", 1500, "processes", 8)));
            contract.check("POST /v1/jobs", response);
            JsonNode job = TestNode.JSON.readTree(response.body());
            contract.check(
                    "GET /v1/jobs/{id}", node.get("/v1/jobs/" + job.get("id").textValue()));
            node.get("/v1/jobs/" + job.get("id").textValue() + "/events")
                    .body()
                    .lines()
                    .filter(l -> l.startsWith("data: "))
                    .forEach(l -> contract.checkSchema("JobEvent", tree(l.substring("data: ".length())), true));
        }
        try (TestNode own = TestNode.start(Map.of("roles", "http"))) {
            HttpResponse<String> queued = own.post("", Map.of("source", "1"));
            contract.check("POST /v1/jobs", queued);
            String path = queued.headers().firstValue("Location").orElseThrow();
            contract.check("GET /v1/jobs/{id}", own.get(path));
            contract.check("DELETE /v1/jobs/{id}", own.send(own.request(path).DELETE()));
        }
    }

    @Test
    void the_frames_of_the_console_are_as_promised(TestNode node) throws Exception {
        Contract contract = new Contract();
        String id = node.submit("import time; print('x', flush=True); time.sleep(60)");
        BlockingQueue<String> frames = new LinkedBlockingQueue<>();
        var client = node.node().vertx().createWebSocketClient(); // closes by itself when nothing refers to it
        var socket = client.webSocket();
        socket.textMessageHandler(frames::add);
        socket.closeHandler(v -> frames.add(""));
        Await.get(socket.connect(new WebSocketConnectOptions()
                .setHost(node.uri("/").getHost())
                .setPort(node.uri("/").getPort())
                .setURI("/v1/jobs/" + id + "/console")));
        for (String message : List.of(
                "{\"op\":\"ping\"}",
                "{\"op\":\"eof\"}",
                "{\"op\":\"signal\",\"signal\":\"INT\"}",
                "{\"op\":\"stdin\",\"from\":\"a\",\"n\":1,\"d\":\"x\"}",
                "{\"op\":\"stdin\",\"b64\":\"AA==\"}",
                "{\"op\":\"cancel\"}")) {
            contract.checkSchema("ClientMessage", tree(message), false);
            Await.get(socket.writeTextMessage(message));
        }
        Set<String> ops = new TreeSet<>();
        for (String frame = frames.poll(20, TimeUnit.SECONDS);
                frame != null && !frame.isEmpty();
                frame = frames.poll(20, TimeUnit.SECONDS)) {
            contract.checkSchema("ServerMessage", tree(frame), true);
            ops.add(tree(frame).get("op").textValue());
        }
        Await.get(client.close());
        assertThat(ops).containsExactly("events", "hello", "pong", "problem");
    }

    private static JsonNode tree(String json) {
        try {
            return TestNode.JSON.readTree(json);
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new AssertionError(json, e);
        }
    }
}
