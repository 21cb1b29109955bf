package dev.onpyrunner.job;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which trace a request belongs to, as the header {@code traceparent} of W3C Trace Context tells it. It is passed on as it came:
 * a node makes no spans of its own.
 *
 * @param parent the whole of it, in version 00
 */
public record TraceContext(String parent) {
    /** The name of the header. */
    public static final String HEADER = "traceparent";

    private static final int LONGEST = 256;
    private static final Pattern FORM =
            Pattern.compile("(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?");

    public TraceContext {
        if (!FORM.matcher(parent).matches()) {
            throw new IllegalArgumentException("not a trace's parent");
        }
    }

    /** Reads a header; empty when there is none, or it is not to be read: then it counts for nothing, as W3C wants it. */
    public static Optional<TraceContext> of(String header) {
        if (header == null || header.length() > LONGEST) {
            return Optional.empty();
        }
        Matcher form = FORM.matcher(header.strip());
        boolean known = form.matches() && (!form.group(1).equals("00") || form.group(5) == null);
        return known
                ? Optional.of(new TraceContext("00-" + form.group(2) + "-" + form.group(3) + "-" + form.group(4)))
                : Optional.empty();
    }

    /** What all parts of a trace have in common, at the end of a log line. */
    public static String logged(Optional<TraceContext> trace) {
        return trace.map(t -> ", trace " + t.parent().split("-", -1)[1]).orElse("");
    }
}
