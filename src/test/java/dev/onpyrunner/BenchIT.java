package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./onpyrunner bench} runs its parts, reports them, and looks at each answer; how fast all is is not looked at. */
@Timeout(150)
class BenchIT {
    /** What each server that it compares with says of a hello, as that project documents it. */
    private static final String RIGHT = """
            [{"status": "Accepted", "exitStatus": 0, "files": {"stdout": "hello\\n", "stderr": ""}}]""";

    private static final String WRONG = RIGHT.replace("hello", "hullo");

    @TempDir
    private Path folder;

    @Test
    void it_runs_its_parts_and_reports_them() throws IOException, InterruptedException {
        HttpServer peer = peer(RIGHT);
        try {
            String said = bench(
                    0, "all.py", "--smoke", "--parts", "run,jvm,load", "--out", folder.toString(), "--peer", at(peer));
            assertThat(said)
                    .contains("every accepted job ended well", "hello over HTTP with wait, one client: p50 × bare p50");
        } finally {
            peer.stop(0);
        }
        JsonNode report = TestNode.JSON.readTree(folder.resolve("report.json").toFile());
        assertThat(report.at("/versions/redis").textValue()).isNotEmpty();
        JsonNode times = report.at("/parts/run/figures/times_ms");
        for (String way : List.of("bare python3", "nsjail by hand", "a node", "go-judge")) {
            assertThat(times.get(way)).as(way).hasSize(3).allMatch(time -> time.doubleValue() > 0);
        }
        assertThat(report.at("/parts/jvm/figures/allocated_kb_per_job").doubleValue())
                .isPositive();
        assertThat(report.at("/parts/load/figures/closed/2/jobs_per_s/node").doubleValue())
                .isPositive();
        assertThat(report.get("goals").findValuesAsText("goal")).contains("≤ 0.35", "≥ 0.95");
        assertThat(Files.readString(folder.resolve("report.html")))
                .contains("<svg", "bench load")
                .doesNotContain("<script", "src=", "href=");
    }

    @Test
    void a_wrong_answer_fails_the_measurement() throws IOException, InterruptedException {
        HttpServer peer = peer(WRONG);
        try {
            bench(1, "run.py", "--jobs", "1", "--warm-up", "1", "--peer", at(peer));
        } finally {
            peer.stop(0);
        }
        assertThat(folder.resolve("stderr")).content().contains("go-judge: 200 ('hullo\\n', 0)");
    }

    private static HttpServer peer(String says) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/run", exchange -> {
            exchange.getRequestBody().readAllBytes();
            byte[] body = says.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(body);
            }
        });
        server.start();
        return server;
    }

    private static String at(HttpServer server) {
        return "go-judge=http://127.0.0.1:" + server.getAddress().getPort();
    }

    private String bench(int code, String script, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("/usr/bin/python3", "bench/" + script, "--direct"));
        command.addAll(List.of(arguments));
        Path errors = folder.resolve("stderr");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said + Files.readString(errors)).isEqualTo(code);
        return said;
    }
}
