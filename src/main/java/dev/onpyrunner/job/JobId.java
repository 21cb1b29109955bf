package dev.onpyrunner.job;

import java.security.SecureRandom;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A job's name: {@code <partition>-<26 characters>}, with 128 random bits.
 *
 * <p>Who has it may read the job, so logs show only {@link #brief()}.
 */
public record JobId(String text) {
    private static final String ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's base 32
    private static final int LENGTH = 26;
    private static final Pattern FORM = Pattern.compile("(0|[1-9][0-9]{0,3})-[0-9a-hjkmnp-tv-z]{26}");
    private static final SecureRandom RANDOM = new SecureRandom();

    public JobId {
        Objects.requireNonNull(text, "text");
        if (!isWellFormed(text)) {
            throw new IllegalArgumentException("not a job id");
        }
    }

    public static boolean isWellFormed(String text) {
        return FORM.matcher(text).matches();
    }

    /** A new id in the given partition. */
    public static JobId random(int partition) {
        byte[] bytes = new byte[LENGTH];
        RANDOM.nextBytes(bytes);
        StringBuilder text = new StringBuilder(LENGTH + 5).append(partition).append('-');
        // 26 × 5 bits hold 130; the first character carries three of them, so 128 are random.
        text.append(ALPHABET.charAt(bytes[0] & 0x07));
        for (int i = 1; i < LENGTH; i++) {
            text.append(ALPHABET.charAt(bytes[i] & 0x1f));
        }
        return new JobId(text.toString());
    }

    /** The partition of Redis keys in which the job lives. */
    public int partition() {
        return Integer.parseInt(text.substring(0, text.indexOf('-')));
    }

    /** The first ten characters, for logs. */
    public String brief() {
        return text.substring(0, 10);
    }

    /** The id in full; write {@link #brief()} to logs. */
    @Override
    public String toString() {
        return text;
    }
}
