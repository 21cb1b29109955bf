package dev.onpyrunner;

import dev.onpyrunner.redis.RedisSettings;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.PemKeyCertOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509KeyManager;

/** Reads the PEM files that settings name, so that a wrong one is told with its setting. Blocks. */
final class PemFiles {
    private PemFiles() {}

    /** A certificate and its key, as they were read. */
    record Pair(Buffer certificate, Buffer key) {
        PemKeyCertOptions options() {
            return new PemKeyCertOptions().setCertValue(certificate).setKeyValue(key);
        }
    }

    static Pair read(String section, String certificate, String key) throws IOException {
        return new Pair(content(section + ".certificate", certificate), content(section + ".key", key));
    }

    /**
     * Whether a pair can be used.
     *
     * @return the certificate
     * @throws IOException when one of the two is none, or they do not belong together
     */
    static X509Certificate check(String section, Pair pair) throws IOException {
        X509Certificate certificate =
                certificates(section + ".certificate", pair.certificate()).get(0);
        PrivateKey key;
        try {
            X509KeyManager manager =
                    (X509KeyManager) pair.options().getKeyManagerFactory(null).getKeyManagers()[0];
            String[] names = manager.getServerAliases(certificate.getPublicKey().getAlgorithm(), null);
            key = manager.getPrivateKey(names[0]);
        } catch (Exception e) { // that is what Vert.x declares
            throw new IOException(
                    section + ".key: the file holds no key of RSA or EC without a password, or another kind than the"
                            + " certificate's",
                    e);
        }
        try {
            Signature test =
                    Signature.getInstance("SHA256with" + (key.getAlgorithm().equals("EC") ? "ECDSA" : "RSA"));
            test.initSign(key);
            byte[] signed = test.sign();
            test.initVerify(certificate.getPublicKey());
            if (!test.verify(signed)) {
                throw new GeneralSecurityException("another key signed");
            }
        } catch (GeneralSecurityException e) {
            throw new IOException(section + ".key: the key is not that of the certificate", e);
        }
        return certificate;
    }

    /** Reads what a connection to Redis will read. */
    static void check(RedisSettings.Tls tls) throws IOException {
        check("redis.tls", tls.ca(), tls.certificate(), tls.key());
    }

    /** Reads what connections will read; what is empty is not used. */
    static void check(String section, String ca, String certificate, String key) throws IOException {
        if (!ca.isEmpty()) {
            certificates(section + ".ca", content(section + ".ca", ca));
        }
        if (!certificate.isEmpty()) {
            check(section, read(section, certificate, key));
        }
    }

    /** What trusts the authorities of a file, and no others. */
    static SSLContext trust(String setting, String ca) throws IOException {
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            for (X509Certificate certificate : certificates(setting, content(setting, ca))) {
                store.setCertificateEntry(String.valueOf(store.size()), certificate);
            }
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException(setting + ": the certificates cannot be used: " + e.getMessage(), e);
        }
    }

    /** The certificates of a file, at least one. */
    private static List<X509Certificate> certificates(String setting, Buffer pem) throws IOException {
        List<X509Certificate> all = List.of();
        CertificateException trouble = null;
        try {
            all =
                    CertificateFactory.getInstance("X.509")
                            .generateCertificates(new ByteArrayInputStream(pem.getBytes()))
                            .stream()
                            .map(X509Certificate.class::cast)
                            .toList();
        } catch (CertificateException e) {
            trouble = e;
        }
        if (all.isEmpty()) {
            throw new IOException(setting + ": the file holds no certificates in PEM", trouble);
        }
        return all;
    }

    private static Buffer content(String setting, String file) throws IOException {
        try {
            return Buffer.buffer(Files.readAllBytes(Path.of(file)));
        } catch (NoSuchFileException e) {
            throw new IOException(setting + ": there is no file " + file, e);
        } catch (AccessDeniedException e) {
            throw new IOException(setting + ": " + file + " may not be read by this user", e);
        } catch (IOException e) {
            throw new IOException(setting + ": " + file + " cannot be read: " + e.getMessage(), e);
        }
    }
}
