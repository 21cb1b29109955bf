package dev.onpyrunner.doors;

import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A selector of versions, of those that people use of npm's semver: {@code *}, {@code 3}, {@code 3.11.x}, {@code 3.11.2},
 * {@code ^3.10}, {@code ~3.11.1}, {@code >=3.9}.
 */
record VersionRange(String text) {
    private static final Pattern FORM =
            Pattern.compile("(>=|\\^|~|=|v)?([0-9]{1,5}(?:\\.(?:[0-9]{1,5}|[x*])){0,2}|[x*])?");

    boolean has(String version) {
        Matcher form = FORM.matcher(text.trim());
        int[] actual = numbers(version);
        if (!form.matches() || actual.length == 0) {
            return false;
        }
        int[] wanted = form.group(2) == null ? new int[0] : numbers(form.group(2));
        String operator = form.group(1) == null ? "" : form.group(1);
        return switch (operator) {
            case ">=" -> compare(actual, wanted) >= 0;
            case "^" -> compare(actual, wanted) >= 0 && isPrefix(wanted, actual, 1);
            case "~" -> compare(actual, wanted) >= 0 && isPrefix(wanted, actual, 2);
            default -> isPrefix(wanted, actual, wanted.length);
        };
    }

    /** The numbers before the first part that is none. */
    private static int[] numbers(String version) {
        return Arrays.stream(version.split("\\.", -1))
                .takeWhile(part -> part.matches("[0-9]{1,5}"))
                .mapToInt(Integer::parseInt)
                .toArray();
    }

    private static boolean isPrefix(int[] wanted, int[] actual, int most) {
        int length = Math.min(most, wanted.length);
        return length <= actual.length && Arrays.equals(wanted, 0, length, actual, 0, length);
    }

    private static int compare(int[] actual, int[] wanted) {
        int[] same = Arrays.copyOf(actual, Math.max(actual.length, wanted.length));
        return Arrays.compare(same, Arrays.copyOf(wanted, same.length));
    }
}
