package dev.onpyrunner.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.Await;
import dev.onpyrunner.TestNode;
import dev.onpyrunner.redis.RedisProcess;
import dev.onpyrunner.redis.TestRedis;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import io.vertx.core.Promise;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.spi.cluster.RegistrationInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A node that takes jobs and one that runs them, joined by an event bus with TLS. */
@Timeout(60)
class TwoNodesIT {
    /** So long that what comes quickly cannot have come with a beat. */
    private static final String LEASE_MS = "120000";

    private static final String BEAT_MS = "30000";

    private static final String ECHO = """
            while True:
                try:
                    print("got", input(), flush=True)
                except EOFError:
                    break
            """;

    @TempDir
    private static Path folder;

    private static TestRedis redis;
    private static List<Integer> ports;
    private static TestNode web;
    private static TestNode runner;

    @BeforeAll
    static void start() throws Exception {
        redis = TestRedis.start();
        ports = RedisProcess.freePorts(3);
        certify("ours");
        certify("theirs");
        web = node("http", 0, "ours");
        runner = node("runner", 1, "ours");
    }

    /** An authority, and a certificate that it has signed. */
    private static void certify(String name) throws Exception {
        X509Bundle authority = new CertificateBuilder()
                .subject("CN=" + name)
                .setIsCertificateAuthority(true)
                .ecp256()
                .buildSelfSigned();
        X509Bundle pair = new CertificateBuilder()
                .subject("CN=node")
                .addSanIpAddress("127.0.0.1")
                .rsa2048()
                .buildIssuedBy(authority);
        Files.writeString(folder.resolve(name + "-ca.pem"), authority.getCertificatePEM());
        Files.writeString(folder.resolve(name + ".pem"), pair.getCertificatePathPEM());
        Files.writeString(folder.resolve(name + ".key"), pair.getPrivateKeyPEM());
    }

    private static TestNode node(String role, int number, String certificate) throws IOException {
        Map<String, String> settings = new HashMap<>();
        settings.put("cluster.tls.ca", folder.resolve(certificate + "-ca.pem").toString());
        settings.put(
                "cluster.tls.certificate", folder.resolve(certificate + ".pem").toString());
        settings.put("cluster.tls.key", folder.resolve(certificate + ".key").toString());
        settings.put("roles", role);
        settings.put("redis.url", redis.url());
        settings.put("queue.lease_ms", LEASE_MS);
        settings.put("runner.beat_ms", BEAT_MS);
        settings.put("cluster.enabled", "true");
        settings.put("cluster.port", String.valueOf(ports.get(number)));
        settings.put("cluster.bus_port", "0");
        settings.put("cluster.members", "127.0.0.1:" + ports.get(0) + ",127.0.0.1:" + ports.get(1));
        return TestNode.start(settings);
    }

    @AfterAll
    static void stop() throws IOException {
        runner.close();
        web.close();
        redis.close();
    }

    private static int registrations(String id) {
        Promise<List<RegistrationInfo>> found = Promise.promise();
        ((VertxInternal) runner.node().vertx()).clusterManager().getRegistrations("onpyrunner.job." + id, found);
        return Await.get(found.future()).size();
    }

    private static double fedByBus(TestNode node) throws Exception {
        return node.get("/metrics")
                .body()
                .lines()
                .filter(l -> l.startsWith("onpyrunner_feed_batches_total{by=\"bus\""))
                .mapToDouble(l -> Double.parseDouble(l.substring(l.indexOf(' '))))
                .sum();
    }

    private static String interactive() throws Exception {
        String id = web.submit(Map.of("source", ECHO, "interactive", true));
        web.awaitStart(id);
        return id;
    }

    @Test
    void a_job_is_taken_by_one_and_run_by_the_other() throws Exception {
        JsonNode job = web.run("print('there')");
        assertThat(job.path("stdout").asText()).isEqualTo("there\n");
        assertThat(job.path("starts").asInt()).isEqualTo(1);
    }

    @Test
    void what_is_typed_at_one_reaches_the_program_at_the_other_and_its_answer_comes_back_by_the_bus() throws Exception {
        String id = interactive();
        double before = fedByBus(web);
        try (Console console = Console.open(web.node().vertx(), web, id)) {
            console.next("hello");
            console.until("state");
            for (int n = 1; n <= 3; n++) {
                console.send("{\"op\":\"stdin\",\"from\":\"me\",\"n\":" + n + ",\"d\":\"" + n + "\\n\"}");
                assertThat(EventStream.text(console.until("out"), "out")).isEqualTo("got " + n + "\n");
            }
            console.send("{\"op\":\"eof\"}");
            console.until("end");
        }
        assertThat(fedByBus(web)).isGreaterThan(before);
    }

    @Test
    void a_node_with_the_certificate_of_another_authority_reads_the_log_and_gets_no_message() throws Exception {
        try (TestNode stranger = node("http", 2, "theirs")) {
            String id = interactive();
            try (Console there = Console.open(stranger.node().vertx(), stranger, id);
                    Console here = Console.open(web.node().vertx(), web, id)) {
                there.next("hello");
                here.next("hello");
                Await.until("the bus knows of both", () -> registrations(id) == 2);
                here.send("{\"op\":\"stdin\",\"d\":\"secret\\n\"}");
                here.until("out");
                assertThat(EventStream.text(there.until("out"), "out")).isEqualTo("got secret\n");
                here.send("{\"op\":\"eof\"}");
                there.until("end");
            }
            assertThat(fedByBus(stranger)).isZero();
        }
    }

    @Test
    void a_cancel_at_one_ends_the_program_at_the_other() throws Exception {
        String id = interactive();
        assertThat(web.send(web.request("/v1/jobs/" + id).DELETE()).statusCode())
                .isEqualTo(202);
        assertThat(web.awaitEnd(id).path("status").asText()).isEqualTo("CANCELLED");
    }

    @Test
    void all_viewers_of_a_job_are_one_registration_on_the_bus() throws Exception {
        String id = interactive();
        List<Console> consoles = new ArrayList<>();
        for (int n = 0; n < 8; n++) {
            consoles.add(Console.open(web.node().vertx(), web, id));
            consoles.get(n).next("hello");
        }
        Await.until("the bus knows of them", () -> registrations(id) > 0);
        assertThat(registrations(id)).isEqualTo(1);
        consoles.get(0).send("{\"op\":\"cancel\"}");
        for (Console console : consoles) {
            List<JsonNode> events = console.until("end");
            assertThat(events.get(events.size() - 1).get("d").textValue()).isEqualTo("CANCELLED");
            console.close();
        }
        Await.until("the bus has forgotten them", () -> registrations(id) == 0);
    }
}
