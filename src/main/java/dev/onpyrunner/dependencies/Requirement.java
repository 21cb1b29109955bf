package dev.onpyrunner.dependencies;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One dependency as PEP 508 has it: a name, perhaps extras, versions and a condition. Nothing that leads elsewhere than to
 * the index is one: no address, no path, no option of an installer.
 *
 * @param name normalized as PEP 503 says
 * @param text what was written
 */
record Requirement(String name, String text) {
    private static final int MOST = 256;
    /** Every repetition is possessive: no text takes longer than its length. */
    private static final String NAME = "[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}+(?<=[A-Za-z0-9]))?+";

    private static final String SPACE = "[ \\t]*+";
    private static final String EXTRAS =
            "\\[" + SPACE + "(?:" + NAME + SPACE + "(?:," + SPACE + NAME + SPACE + ")*+)?+\\]";
    private static final String VERSION = "(?:~=|===?+|!=|<=?+|>=?+)" + SPACE + "[A-Za-z0-9][A-Za-z0-9.!+*_-]*+";
    private static final String VERSIONS = VERSION + SPACE + "(?:," + SPACE + VERSION + SPACE + ")*+";
    private static final Pattern FORM = Pattern.compile(SPACE + "(?<name>" + NAME + ")" + SPACE + "(?:" + EXTRAS + ")?+"
            + SPACE + "(?:" + VERSIONS + "|\\(" + SPACE + VERSIONS + "\\)" + SPACE + ")?+(?:;(?<marker>.++))?+");
    private static final Pattern MARKER_TOKEN = Pattern.compile(
            SPACE + "(?:[a-z_.]++|'[A-Za-z0-9 ._+*-]*+'|\"[A-Za-z0-9 ._+*-]*+\"|[<>=!~]=?+=?+|\\(|\\)|,)" + SPACE);
    private static final Pattern WHOLE_NAME = Pattern.compile(NAME);

    /**
     * Reads one.
     *
     * @throws DependencyException when it is none
     */
    static Requirement of(String text) {
        Matcher form = FORM.matcher(text);
        if (text.length() > MOST || !form.matches() || !isMarker(form.group("marker"))) {
            throw DependencyException.ofProgram("'" + shown(text)
                    + "' is not a dependency that can be installed here: a name and versions, such as numpy>=2. Addresses and"
                    + " paths are not possible.");
        }
        return new Requirement(normalized(form.group("name")), text.strip());
    }

    private static boolean isMarker(String marker) {
        if (marker == null) {
            return true;
        }
        Matcher token = MARKER_TOKEN.matcher(marker);
        int at = 0;
        while (at < marker.length()) {
            token.region(at, marker.length());
            if (!token.lookingAt()) {
                return false;
            }
            at = token.end();
        }
        return at > 0;
    }

    static boolean isName(String text) {
        return WHOLE_NAME.matcher(text).matches();
    }

    /** Names are the same when they differ in case, or in which of these signs they have. */
    static String normalized(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[-_.]++", "-");
    }

    /** Somebody else's text in a message of ours. */
    static String shown(String text) {
        String printable = text.replaceAll("[^\\x20-\\x7e]", "?");
        return printable.length() > 80 ? printable.substring(0, 80) + "…" : printable;
    }
}
