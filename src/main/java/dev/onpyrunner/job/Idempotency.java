package dev.onpyrunner.job;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * What makes a repeated request the same request.
 *
 * @param key hash of the owner and its Idempotency-Key
 * @param fingerprint hash of the request
 */
public record Idempotency(String key, String fingerprint) {
    public static Idempotency of(Owner owner, String key, JobSpec spec) {
        return new Idempotency(
                sha256(owner.name() + "\n" + key), sha256(spec.toJson().encode()));
    }

    private static String sha256(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
