package dev.onpyrunner.job;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a client shows to say who it is, as it is stored: without its secret.
 *
 * @param id names it in logs and lists
 * @param name what its maker calls it
 * @param hash SHA-256 of the secret: that has 256 random bits, so nobody finds it by trying, and a slow hash adds nothing
 * @param createdAt in ms since 1970
 * @param expiresAt in ms since 1970; 0 for never
 * @param allowance what its jobs may ask for
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record ApiKey(String id, String name, String hash, long createdAt, long expiresAt, Allowance allowance) {
    /** How each key begins. */
    public static final String PREFIX = "onpy_";

    private static final Pattern TEXT = Pattern.compile(PREFIX + "([0-9a-f]{12})_([0-9a-f]{64})");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
    private static final SecureRandom RANDOM = new SecureRandom();

    public ApiKey {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "A key's name has 1 to 64 letters, digits, '.', '_' and '-', and begins with a letter or digit.");
        }
        allowance = allowance == null ? Allowance.USUAL : allowance;
    }

    /**
     * A new key.
     *
     * @param text all of it, which only its maker sees, once
     */
    public record Made(ApiKey key, String text) {
        @Override
        public String toString() {
            return "Made[" + key.id() + "]"; // no secret in a log
        }
    }

    /** A key as a client shows it. */
    public record Shown(String id, String secret) {
        /** Empty when the text is no key. */
        public static Optional<Shown> parse(String text) {
            Matcher m = TEXT.matcher(text);
            return m.matches() ? Optional.of(new Shown(m.group(1), m.group(2))) : Optional.empty();
        }

        @Override
        public String toString() {
            return "Shown[" + id + "]";
        }
    }

    static Made make(String name, long createdAt, long expiresAt, Allowance allowance) {
        String id = random(6);
        String secret = random(32);
        return new Made(
                new ApiKey(id, name, hash(secret), createdAt, expiresAt, allowance), PREFIX + id + "_" + secret);
    }

    /** Whether a client that shows this may come in, in time that does not depend on the secret. */
    public boolean admits(Shown shown, long now) {
        boolean same = MessageDigest.isEqual(
                hash.getBytes(StandardCharsets.US_ASCII), hash(shown.secret()).getBytes(StandardCharsets.US_ASCII));
        return same && !isOver(now);
    }

    /** Whether its time is over. */
    public boolean isOver(long now) {
        return expiresAt != 0 && now >= expiresAt;
    }

    ApiKey with(Allowance other) {
        return new ApiKey(id, name, hash, createdAt, expiresAt, other);
    }

    /** Whose its jobs are. */
    public Owner owner() {
        return new Owner("key:" + id);
    }

    static String random(int bytes) {
        byte[] all = new byte[bytes];
        RANDOM.nextBytes(all);
        return HexFormat.of().formatHex(all);
    }

    static String hash(String secret) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
