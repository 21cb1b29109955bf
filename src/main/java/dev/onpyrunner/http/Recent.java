package dev.onpyrunner.http;

import io.vertx.core.Future;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** What all who ask within one second are told alike, so that many of them cost no more than one. Confined to one context. */
final class Recent<T> {
    private static final long NANOS = 1_000_000_000;

    private final Supplier<Future<T>> ask;
    private final LongSupplier clock;
    private Future<T> answer;
    private long asked;

    /** Asks the given one, and takes the time from the clock, in nanoseconds. */
    Recent(Supplier<Future<T>> ask, LongSupplier clock) {
        this.ask = ask;
        this.clock = clock;
    }

    /** The answer, no older than a second; a failure is told only to those who ask before it is known. */
    Future<T> get() {
        long now = clock.getAsLong();
        if (answer == null || answer.failed() || now - asked >= NANOS) {
            asked = now;
            answer = ask.get();
        }
        return answer;
    }
}
