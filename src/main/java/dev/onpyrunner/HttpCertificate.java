package dev.onpyrunner;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.ServerSSLOptions;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The certificate that HTTP shows. Its files are looked at again while the node runs: who renews them restarts nothing. */
final class HttpCertificate {
    private static final Logger LOG = LoggerFactory.getLogger(HttpCertificate.class);
    private static final String SECTION = "http.tls";
    private static final long LOOK_MS = 2_000;

    private final NodeConfig.Http.Tls settings;
    /** What was read last, good or not. */
    private volatile PemFiles.Pair seen;

    private String lastTrouble = "";

    private HttpCertificate(NodeConfig.Http.Tls settings, PemFiles.Pair first) {
        this.settings = settings;
        this.seen = first;
    }

    /**
     * Reads the files. Blocks.
     *
     * @throws IOException with a sentence that names the setting that is wrong
     */
    static HttpCertificate read(NodeConfig.Http.Tls settings) throws IOException {
        PemFiles.Pair pair = PemFiles.read(SECTION, settings.certificate(), settings.key());
        tell(PemFiles.check(SECTION, pair));
        return new HttpCertificate(settings, pair);
    }

    PemKeyCertOptions options() {
        return seen.options();
    }

    /** From now on the server shows what the files hold. Connections that are open stay as they are. */
    void keepFresh(Vertx vertx, HttpServer server) {
        vertx.setPeriodic(
                LOOK_MS,
                id -> vertx.<PemFiles.Pair>executeBlocking(this::change)
                        .compose(pair -> pair == null
                                ? Future.succeededFuture()
                                : server.updateSSLOptions(new ServerSSLOptions().setKeyCertOptions(pair.options())))
                        .onFailure(this::complain));
    }

    /** A new pair, or null. What is renewed is written file by file: one that does not fit yet is looked at again. */
    private PemFiles.Pair change() throws IOException {
        PemFiles.Pair pair = PemFiles.read(SECTION, settings.certificate(), settings.key());
        if (pair.equals(seen)) {
            return null;
        }
        X509Certificate certificate = PemFiles.check(SECTION, pair);
        seen = pair;
        lastTrouble = "";
        tell(certificate);
        return pair;
    }

    private void complain(Throwable cause) {
        if (!lastTrouble.equals(cause.getMessage())) {
            lastTrouble = String.valueOf(cause.getMessage());
            LOG.warn("the certificate stays as it was: {}", lastTrouble);
        }
    }

    private static void tell(X509Certificate certificate) {
        Instant end = certificate.getNotAfter().toInstant();
        if (end.isBefore(Instant.now())) {
            LOG.warn(
                    "{}: the certificate for {} is over since {}", SECTION, certificate.getSubjectX500Principal(), end);
        } else {
            LOG.info("{}: a certificate for {} until {}", SECTION, certificate.getSubjectX500Principal(), end);
        }
    }
}
