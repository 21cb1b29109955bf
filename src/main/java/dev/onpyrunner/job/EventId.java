package dev.onpyrunner.job;

import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where an event stands in a job's log: {@code <fence>-<n>}, compared as two numbers in that order.
 *
 * @param fence of the start that wrote it; greater for each new start, 0 before the first
 * @param n counts up within one fence, from 1
 */
public record EventId(long fence, long n) implements Comparable<EventId> {
    /** Before every event. */
    public static final EventId START = new EventId(0, 0);

    private static final Pattern FORM = Pattern.compile("([0-9]{1,18})-([0-9]{1,18})");
    private static final Comparator<EventId> ORDER =
            Comparator.comparingLong(EventId::fence).thenComparingLong(EventId::n);

    /** Reads {@code <fence>-<n>}; empty when the text is something else. */
    public static Optional<EventId> parse(String text) {
        Matcher m = FORM.matcher(text);
        return m.matches()
                ? Optional.of(new EventId(Long.parseLong(m.group(1)), Long.parseLong(m.group(2))))
                : Optional.empty();
    }

    @Override
    public int compareTo(EventId other) {
        return ORDER.compare(this, other);
    }

    public boolean isAfter(EventId other) {
        return compareTo(other) > 0;
    }

    /** Whether nothing of the same start can lie between the other event and this one. */
    public boolean follows(EventId other) {
        return fence == other.fence && n == other.n + 1;
    }

    @Override
    public String toString() {
        return fence + "-" + n;
    }
}
