package dev.onpyrunner.doors;

import dev.onpyrunner.job.JobId;
import io.vertx.core.buffer.Buffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What Judge0's clients have of a submission. All that a job itself does not keep is in it: the language's number, and a
 * digest of the expected output, which the program must not be able to read.
 *
 * @param expected empty when no output is expected
 */
record Judge0Token(String job, int language, String expected) {
    private static final Pattern FORM = Pattern.compile("([0-9a-z-]{1,40})\\.([0-9]{1,4})\\.([A-Za-z0-9_-]{22})?");
    private static final int DIGEST_BYTES = 16;

    /**
     * The token of a new submission.
     *
     * @param expected null when no output is expected
     */
    static Judge0Token of(JobId job, int language, Buffer expected) {
        return new Judge0Token(job.text(), language, expected == null ? "" : digest(expected));
    }

    /** Reads one; one that makes no sense is one of no job. */
    static Judge0Token parse(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            return new Judge0Token("", 0, "");
        }
        return new Judge0Token(
                form.group(1), Integer.parseInt(form.group(2)), form.group(3) == null ? "" : form.group(3));
    }

    /** Whether this output is the expected one, or any is. */
    boolean accepts(Buffer stdout) {
        return expected.isEmpty() || expected.equals(digest(stdout));
    }

    /** White space at the end of lines and of the whole does not count. */
    private static String digest(Buffer output) {
        byte[] plain = new byte[output.length()];
        int length = 0;
        int lineEnd = 0;
        int end = 0;
        for (byte b : output.getBytes()) {
            if (b == '\n') {
                length = lineEnd;
            }
            plain[length++] = b;
            if (b == '\n') {
                lineEnd = length;
            } else if (!isSpace(b)) {
                lineEnd = length;
                end = length;
            }
        }
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(plain, 0, end);
            return Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(digest.digest(), DIGEST_BYTES));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean isSpace(byte b) {
        return b == ' ' || b == 0 || (b >= '\t' && b <= '\r');
    }

    @Override
    public String toString() {
        return job + "." + language + "." + expected;
    }
}
