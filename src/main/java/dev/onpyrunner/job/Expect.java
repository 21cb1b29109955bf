package dev.onpyrunner.job;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.StringTokenizer;

/**
 * What a program should write to its stdout.
 *
 * @param tolerance for {@link Compare#NUMBERS}: how far a number may be off, as a part of the expected one, or of 1 when that is smaller
 */
public record Expect(Buffer stdout, Compare compare, double tolerance) {
    public static final double DEFAULT_TOLERANCE = 1e-6;

    /** What counts as the same. */
    public enum Compare {
        /** The same bytes. */
        EXACT,
        /** The same words, whatever is between them. */
        TOKENS,
        /** The same words, numbers among them about the same. */
        NUMBERS
    }

    public Expect {
        Objects.requireNonNull(stdout, "stdout");
        Objects.requireNonNull(compare, "compare");
        if (!(tolerance >= 0 && tolerance <= 1)) {
            throw new IllegalArgumentException("tolerance must be 0 to 1: " + tolerance);
        }
    }

    /** Whether a program wrote what it should. */
    public boolean isMetBy(Buffer written) {
        if (compare == Compare.EXACT) {
            return written.equals(stdout);
        }
        List<String> expected = words(stdout);
        List<String> words = words(written);
        if (expected.size() != words.size()) {
            return false;
        }
        for (int i = 0; i < words.size(); i++) {
            boolean same = words.get(i).equals(expected.get(i))
                    || (compare == Compare.NUMBERS && isNear(words.get(i), expected.get(i)));
            if (!same) {
                return false;
            }
        }
        return true;
    }

    private static List<String> words(Buffer text) {
        List<String> words = new ArrayList<>();
        StringTokenizer tokens = new StringTokenizer(text.toString(), " \t\n\r\f\u000b");
        while (tokens.hasMoreTokens()) {
            words.add(tokens.nextToken());
        }
        return words;
    }

    private boolean isNear(String word, String expected) {
        double wanted = number(expected);
        return Math.abs(number(word) - wanted)
                <= tolerance * Math.max(1, Math.abs(wanted)); // false for what is no number
    }

    /** A decimal number; NaN for anything else, so that Java's own spellings, such as {@code 0x1p3} or {@code 1d}, do not count. */
    private static double number(String word) {
        boolean decimal =
                !word.isEmpty() && word.chars().allMatch(c -> (c >= '0' && c <= '9') || "+-.eE".indexOf(c) >= 0);
        try {
            double value = decimal ? Double.parseDouble(word) : Double.NaN;
            return Double.isInfinite(value) ? Double.NaN : value;
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    JsonObject toJson() {
        JsonObject json = new JsonObject();
        JobSpec.put(json, "stdout", stdout);
        return json.put("compare", compare.name().toLowerCase(Locale.ROOT)).put("tolerance", tolerance);
    }

    static Expect fromJson(JsonObject json) {
        return new Expect(
                JobSpec.get(json, "stdout"),
                Compare.valueOf(json.getString("compare").toUpperCase(Locale.ROOT)),
                json.getDouble("tolerance"));
    }
}
