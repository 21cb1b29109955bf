package dev.onpyrunner.console;

import dev.onpyrunner.job.EventBatch;
import java.util.function.Function;

/**
 * A batch of events as one protocol sends it, made once for all viewers that are sent it in turn.
 *
 * @param <T> what is sent
 */
final class SharedText<T> {
    private final Function<EventBatch, T> make;
    private EventBatch batch;
    private T text;

    SharedText(Function<EventBatch, T> make) {
        this.make = make;
    }

    T of(EventBatch wanted) {
        if (!wanted.equals(batch)) {
            text = make.apply(wanted);
            batch = wanted;
        }
        return text;
    }
}
