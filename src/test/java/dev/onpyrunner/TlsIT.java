package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.redis.RedisProcess;
import dev.onpyrunner.redis.RedisSettings;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A node that speaks TLS with its clients and with its Redis, all certificates signed by an authority of our own. */
@Timeout(60)
class TlsIT {
    private static final Vertx VERTX = Vertx.vertx();

    @TempDir
    private static Path folder;

    private static X509Bundle authority;
    private static RedisProcess redis;
    private static Node node;
    private static SSLContext trust;
    private static HttpClient http;

    @BeforeAll
    static void start() throws Exception {
        authority = new CertificateBuilder()
                .subject("CN=authority")
                .setIsCertificateAuthority(true)
                .ecp256()
                .buildSelfSigned();
        Files.writeString(folder.resolve("ca.pem"), authority.getCertificatePEM());
        X509Bundle stranger = new CertificateBuilder()
                .subject("CN=stranger")
                .setIsCertificateAuthority(true)
                .ecp256()
                .buildSelfSigned();
        Files.writeString(folder.resolve("stranger.pem"), stranger.getCertificatePEM());
        Files.writeString(folder.resolve("stranger.key"), stranger.getPrivateKeyPEM());
        Files.writeString(folder.resolve("text.pem"), "not a certificate\n");
        write("redis", issue(certificate().ecp256()));
        write("node", issue(certificate().rsa2048()));
        write("http", issue(certificate().rsa2048()));
        write("own", issue(certificate().rsa2048()));
        redis = RedisProcess.startWithTls(VERTX, Files.createDirectory(folder.resolve("redis")), files("redis"));
        node = Node.start(NodeConfig.load(null, System.getenv(), flags(Map.of())), () -> {});
        trust = PemFiles.trust("ca", path("ca.pem"));
        http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .sslContext(trust)
                .build();
    }

    @AfterAll
    static void stop() {
        if (node != null) {
            node.close();
        }
        if (redis != null) {
            redis.close();
        }
        Await.get(VERTX.close());
    }

    private static CertificateBuilder certificate() {
        return new CertificateBuilder().subject("CN=127.0.0.1").addSanIpAddress("127.0.0.1");
    }

    private static X509Bundle issue(CertificateBuilder builder) throws Exception {
        return builder.buildIssuedBy(authority);
    }

    private static void write(String name, X509Bundle pair) throws IOException {
        Files.writeString(folder.resolve(name + ".key"), pair.getPrivateKeyPEM());
        Files.writeString(folder.resolve(name + ".pem"), pair.getCertificatePathPEM());
    }

    private static String path(String name) {
        return folder.resolve(name).toString();
    }

    private static RedisSettings.Tls files(String name) {
        return new RedisSettings.Tls(path("ca.pem"), path(name + ".pem"), path(name + ".key"));
    }

    private static Map<String, String> flags(Map<String, String> changed) {
        Map<String, String> flags = new HashMap<>(Map.ofEntries(
                Map.entry("http.port", "0"),
                Map.entry("http.tls.certificate", path("http.pem")),
                Map.entry("http.tls.key", path("http.key")),
                Map.entry("redis.url", redis.settings().url()),
                Map.entry("redis.tls.ca", path("ca.pem")),
                Map.entry("redis.tls.certificate", path("node.pem")),
                Map.entry("redis.tls.key", path("node.key")),
                Map.entry("runner.slots", "1"),
                Map.entry("runner.interactive_slots", "0"),
                Map.entry("runner.drain_ms", "500"),
                Map.entry("data_dir", path("data"))));
        flags.putAll(changed);
        return flags;
    }

    @Test
    void requests_and_consoles_are_served() throws Exception {
        assertThat(node.url()).startsWith("https://127.0.0.1:");
        HttpRequest post = HttpRequest.newBuilder(URI.create(node.url() + "/v1/jobs?wait=25"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"source\": \"print('hidden')\"}"))
                .build();
        JsonNode job =
                TestNode.JSON.readTree(http.send(post, BodyHandlers.ofString()).body());
        assertThat(job.path("stdout").asText()).as(job.toString()).isEqualTo("hidden\n");

        CompletableFuture<String> shown = new CompletableFuture<>();
        String console =
                node.url().replace("https:", "wss:") + job.at("/links/console").asText();
        WebSocket socket = http.newWebSocketBuilder()
                .subprotocols("onpyrunner.v1")
                .buildAsync(URI.create(console), new WebSocket.Listener() {
                    private final StringBuilder text = new StringBuilder();

                    @Override
                    public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
                        text.append(part);
                        if (text.indexOf("\"end\"") >= 0) {
                            shown.complete(text.toString());
                        }
                        from.request(1);
                        return null;
                    }
                })
                .get(20, TimeUnit.SECONDS);
        assertThat(shown.get(20, TimeUnit.SECONDS)).contains("hidden");
        socket.abort();
    }

    @Test
    void the_command_line_trusts_whom_it_is_told_to() throws Exception {
        Path program = Files.writeString(folder.resolve("program.py"), "print('from afar')");
        Process trusting = run("--url", node.url(), "--ca", path("ca.pem"), program.toString());
        assertThat(text(trusting)).isEqualTo("from afar\n");
        assertThat(trusting.waitFor()).isZero();
        Process wary = run("--url", node.url(), program.toString());
        assertThat(text(wary)).contains("The certificate of " + node.url() + " is not trusted", "--ca");
        assertThat(wary.waitFor()).isEqualTo(2);
    }

    private static Process run(String... args) throws IOException {
        ProcessBuilder builder = ServeProcess.command("run").redirectErrorStream(true);
        builder.command().addAll(List.of(args));
        return builder.redirectInput(Path.of("/dev/null").toFile()).start();
    }

    private static String text(Process process) throws IOException {
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void a_renewed_certificate_is_shown_without_a_restart() throws Exception {
        BigInteger first = serial();
        Files.writeString(folder.resolve("http.pem"), "half of a certif");
        assertThat(serial()).isEqualTo(first);
        X509Bundle renewed = issue(certificate().ecp256());
        write("http", renewed);
        Await.until("the new certificate is shown", () -> !serial().equals(first));
        assertThat(serial()).isEqualTo(renewed.getCertificate().getSerialNumber());
    }

    /** Of the certificate that a new connection is shown. */
    private static BigInteger serial() throws IOException {
        URI address = URI.create(node.url());
        try (SSLSocket socket =
                (SSLSocket) trust.getSocketFactory().createSocket(address.getHost(), address.getPort())) {
            socket.startHandshake();
            return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSerialNumber();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "http.tls.certificate | none.pem | http.tls.certificate: there is no file",
                "http.tls.certificate | text.pem | http.tls.certificate: the file holds no certificates",
                "http.tls.key | text.pem | http.tls.key: the file holds no key",
                "http.tls.key | redis.key | http.tls.key: the file holds no key of RSA or EC without a password, or another kind",
                "http.tls.key | node.key | http.tls.key: the key is not that of the certificate",
                "redis.tls.ca | none.pem | redis.tls.ca: there is no file",
                "redis.tls.ca | stranger.pem | has no certificate for this host that is trusted here",
                "redis.tls.key | none.key | redis.tls.key: there is no file",
                "redis.tls.certificate | stranger.pem | redis.tls.key: the file holds no key"
            })
    void a_wrong_file_is_told_at_the_start(String setting, String file, String said) throws IOException {
        Map<String, String> flags = flags(Map.of(
                "data_dir",
                path("data-wrong"),
                "http.tls.certificate",
                path("own.pem"),
                "http.tls.key",
                path("own.key")));
        flags.put(setting, path(file));
        assertThatThrownBy(() -> Node.start(NodeConfig.load(null, System.getenv(), flags), () -> {}))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(said);
    }

    @Test
    void a_certificate_for_another_host_or_none_at_all_is_refused() {
        Map<String, String> other = flags(Map.of(
                "data_dir",
                path("data-other"),
                "redis.url",
                redis.settings().url().replace("127.0.0.1", "localhost")));
        assertThatThrownBy(() -> Node.start(NodeConfig.load(null, System.getenv(), other), () -> {}))
                .hasMessageContaining("has no certificate for this host that is trusted here");
        Map<String, String> bare =
                flags(Map.of("data_dir", path("data-bare"), "redis.tls.certificate", "", "redis.tls.key", ""));
        assertThatThrownBy(() -> Node.start(NodeConfig.load(null, System.getenv(), bare), () -> {}))
                .isInstanceOf(IOException.class);
    }
}
