package dev.onpyrunner.dependencies;

import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code requires-python}: which versions of Python a program is for, as PEP 440 has it for released versions. */
final class PythonVersions {
    private static final int MOST = 100;
    private static final Pattern CLAUSE =
            Pattern.compile("(~=|==|!=|<=|>=|<|>) *+([0-9]{1,4}(?:\\.[0-9]{1,4}){0,2}+)(\\.\\*)?+");

    private PythonVersions() {}

    /**
     * Whether a version is among them.
     *
     * @param version such as {@code 3.11.2}
     * @throws DependencyException when they cannot be read
     */
    static boolean include(String versions, String version) {
        if (versions.length() > MOST) {
            throw unreadable(versions);
        }
        int[] ours = numbers(version);
        boolean all = true;
        for (String clause : versions.split(",", -1)) {
            Matcher match = CLAUSE.matcher(clause.strip());
            if (!match.matches()) {
                throw unreadable(versions);
            }
            all &= holds(match.group(1), numbers(match.group(2)), match.group(3) != null, ours, versions);
        }
        return all;
    }

    private static boolean holds(String operator, int[] wanted, boolean prefix, int[] ours, String versions) {
        if (prefix && !operator.equals("==") && !operator.equals("!=")) {
            throw unreadable(versions);
        }
        int order = Arrays.compare(padded(ours), padded(wanted));
        boolean same = prefix ? begins(ours, wanted, wanted.length) : order == 0;
        return switch (operator) {
            case "==" -> same;
            case "!=" -> !same;
            case "<" -> order < 0;
            case "<=" -> order <= 0;
            case ">" -> order > 0;
            case ">=" -> order >= 0;
            default -> {
                if (wanted.length < 2) {
                    throw unreadable(versions);
                }
                yield order >= 0 && begins(ours, wanted, wanted.length - 1);
            }
        };
    }

    private static boolean begins(int[] ours, int[] wanted, int count) {
        return Arrays.equals(Arrays.copyOf(ours, count), Arrays.copyOf(wanted, count));
    }

    private static int[] padded(int[] numbers) {
        return Arrays.copyOf(numbers, 3);
    }

    private static int[] numbers(String version) {
        return Arrays.stream(version.split("\\.", -1))
                .mapToInt(Integer::parseInt)
                .toArray();
    }

    private static DependencyException unreadable(String versions) {
        return DependencyException.ofProgram("requires-python cannot be read: '" + Requirement.shown(versions)
                + "'. It is one or more of such as >=3.11, <4, ==3.12.*");
    }
}
