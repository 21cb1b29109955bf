package dev.onpyrunner.job;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The patterns of {@code collect}: which files of the working directory are handed back.
 *
 * <p>Pattern and path are compared step by step, from the top: {@code *} is any text within one step, {@code ?} one
 * character, {@code [abc]}, {@code [a-z]} and {@code [!a]} one character of a set, and {@code \} takes the next
 * character for itself. A step {@code **} is any number of steps, also none; so a pattern without {@code /} matches
 * only at the top, and {@code **}{@code /*.png} in every folder. Names that begin with a dot are like any other, and
 * upper and lower case differ.
 *
 * <p>Patterns and paths are hostile, so matching takes at most the length of the one times the length of the other.
 */
public final class Globs {
    /** Most patterns of one job. */
    public static final int MAX_PATTERNS = 32;

    private static final int MAX_CHARACTERS = 256;
    private static final String ANY_STEPS = "**";

    private final List<List<Step>> patterns;

    private Globs(List<List<Step>> patterns) {
        this.patterns = patterns;
    }

    /**
     * Reads patterns.
     *
     * @throws IllegalArgumentException when there are too many, or one has a {@link #problem}
     */
    public static Globs of(List<String> patterns) {
        if (patterns.size() > MAX_PATTERNS) {
            throw new IllegalArgumentException("more than " + MAX_PATTERNS + " patterns");
        }
        return new Globs(patterns.stream().map(Globs::parse).toList());
    }

    /** Whether there are no patterns, so that nothing matches. */
    public boolean isEmpty() {
        return patterns.isEmpty();
    }

    /** What is wrong with a pattern, as a sentence; null when nothing is. */
    public static String problem(String pattern) {
        try {
            parse(pattern);
            return null;
        } catch (IllegalArgumentException e) {
            return e.getMessage();
        }
    }

    private static List<Step> parse(String pattern) {
        if (pattern.isEmpty()) {
            throw new IllegalArgumentException("The pattern is empty.");
        }
        if (pattern.startsWith("/")) {
            throw new IllegalArgumentException("The pattern must be relative to the working directory.");
        }
        if (pattern.codePointCount(0, pattern.length()) > MAX_CHARACTERS) {
            throw new IllegalArgumentException("The pattern is longer than " + MAX_CHARACTERS + " characters.");
        }
        if (pattern.codePoints().anyMatch(c -> c == 0 || isHalf(c))) {
            throw new IllegalArgumentException("The pattern has a character that no file name can have.");
        }
        List<Step> steps = new ArrayList<>();
        for (String text : pattern.split("/", -1)) {
            if (text.isEmpty() || text.equals(".") || text.equals("..")) {
                throw new IllegalArgumentException("The pattern must not have empty parts, '.' or '..'.");
            }
            steps.add(text.equals(ANY_STEPS) ? null : Step.parse(text));
        }
        return steps;
    }

    private static boolean isHalf(int c) {
        return c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
    }

    /** Whether one of the patterns matches a relative path. */
    public boolean matches(String path) {
        List<int[]> names = new ArrayList<>();
        for (String name : path.split("/", -1)) {
            names.add(name.codePoints().toArray());
        }
        return patterns.stream().anyMatch(steps -> matches(steps, names));
    }

    /**
     * Both this and {@link Step#matches} go back to the latest star only: what an earlier one took need not be looked
     * at again, because the latest can take whatever is left.
     */
    private static boolean matches(List<Step> steps, List<int[]> names) {
        int s = 0;
        int n = 0;
        int star = -1;
        int taken = 0;
        while (n < names.size()) {
            if (s < steps.size() && steps.get(s) == null) {
                star = s++;
                taken = n;
            } else if (s < steps.size() && steps.get(s).matches(names.get(n))) {
                s++;
                n++;
            } else if (star >= 0) {
                s = star + 1;
                n = ++taken;
            } else {
                return false;
            }
        }
        while (s < steps.size() && steps.get(s) == null) {
            s++;
        }
        return s == steps.size();
    }

    /** One step of a pattern: what each of its characters may be; null for a star. */
    private record Step(List<Characters> parts) {
        static Step parse(String text) {
            List<Characters> parts = new ArrayList<>();
            int[] c = text.codePoints().toArray();
            for (int i = 0; i < c.length; i++) {
                switch (c[i]) {
                    case '*' -> parts.add(null);
                    case '?' -> parts.add(new Characters(Set.of(), List.of(), true));
                    case '[' -> {
                        int end = endOfSet(c, i);
                        parts.add(Characters.parse(c, i + 1, end));
                        i = end;
                    }
                    case '\\' -> parts.add(Characters.one(quoted(c, ++i)));
                    default -> parts.add(Characters.one(c[i]));
                }
            }
            return new Step(parts);
        }

        private static int endOfSet(int[] c, int start) {
            int i = start + 1;
            if (i < c.length && c[i] == '!') {
                i++;
            }
            // As everywhere, a bracket that comes first stands for itself.
            for (int first = i; i < c.length; i++) {
                if (c[i] == '\\') {
                    i++;
                } else if (c[i] == ']' && i > first) {
                    return i;
                }
            }
            throw new IllegalArgumentException("The pattern has a '[' without its ']'. Write \\[ for the character.");
        }

        boolean matches(int[] name) {
            int p = 0;
            int n = 0;
            int star = -1;
            int taken = 0;
            while (n < name.length) {
                if (p < parts.size() && parts.get(p) == null) {
                    star = p++;
                    taken = n;
                } else if (p < parts.size() && parts.get(p).have(name[n])) {
                    p++;
                    n++;
                } else if (star >= 0) {
                    p = star + 1;
                    n = ++taken;
                } else {
                    return false;
                }
            }
            while (p < parts.size() && parts.get(p) == null) {
                p++;
            }
            return p == parts.size();
        }
    }

    private static int quoted(int[] c, int i) {
        if (i == c.length) {
            throw new IllegalArgumentException("The pattern has a '\\' with nothing after it. Write \\\\ for one.");
        }
        return c[i];
    }

    /** A set of characters: single ones and ranges, or all others. */
    private record Characters(Set<Integer> single, List<Range> ranges, boolean inverted) {
        private record Range(int first, int last) {}

        static Characters one(int c) {
            return new Characters(Set.of(c), List.of(), false);
        }

        /** Reads what is between the brackets. */
        static Characters parse(int[] c, int from, int to) {
            boolean inverted = c[from] == '!';
            Set<Integer> single = new HashSet<>();
            List<Range> ranges = new ArrayList<>();
            int i = inverted ? from + 1 : from;
            while (i < to) {
                int first = c[i] == '\\' ? quoted(c, ++i) : c[i];
                i++;
                if (i + 1 < to && c[i] == '-') {
                    i++;
                    int last = c[i] == '\\' ? quoted(c, ++i) : c[i];
                    i++;
                    if (last < first) {
                        throw new IllegalArgumentException("The pattern has a range whose end is before its start.");
                    }
                    ranges.add(new Range(first, last));
                } else {
                    single.add(first);
                }
            }
            return new Characters(single, ranges, inverted);
        }

        boolean have(int c) {
            boolean named = single.contains(c) || ranges.stream().anyMatch(r -> r.first() <= c && c <= r.last());
            return named != inverted;
        }
    }
}
