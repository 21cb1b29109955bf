package dev.onpyrunner.job;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.Function;

/**
 * Requests that cost less together. One goes at once when none is under way; those that come meanwhile wait for its answer
 * and then go together, so that nobody waits for company.
 *
 * <p>Any thread may call it.
 *
 * @param <T> a request
 * @param <R> its answer
 */
final class Batches<T, R> {
    /** Redis does nothing else while it works on a batch. */
    private static final int MOST = 32;

    private static final int MOST_BYTES = 256 << 10;

    private final Function<List<T>, Future<List<R>>> send;
    private final Queue<Waiting<T, R>> waiting = new ArrayDeque<>();
    private boolean underWay;

    private record Waiting<T, R>(T request, int bytes, Promise<R> answer) {}

    /** Sends by the given function, which gives an answer for each request in order. */
    Batches(Function<List<T>, Future<List<R>>> send) {
        this.send = send;
    }

    /** Sends a request, with others or alone. The answer is its own; when they are not answered, all fail alike. */
    Future<R> add(T request, int bytes) {
        Promise<R> answer = Promise.promise();
        synchronized (this) {
            waiting.add(new Waiting<>(request, bytes, answer));
        }
        sendNext();
        return answer.future();
    }

    private void sendNext() {
        List<Waiting<T, R>> batch = new ArrayList<>();
        synchronized (this) {
            if (underWay || waiting.isEmpty()) {
                return;
            }
            underWay = true;
            int bytes = 0;
            do {
                bytes += waiting.peek().bytes();
                batch.add(waiting.poll());
            } while (!waiting.isEmpty()
                    && batch.size() < MOST
                    && bytes + waiting.peek().bytes() <= MOST_BYTES);
        }
        send.apply(batch.stream().map(Waiting::request).toList()).onComplete(r -> {
            synchronized (this) {
                underWay = false;
            }
            sendNext();
            for (int i = 0; i < batch.size(); i++) {
                if (r.succeeded()) {
                    batch.get(i).answer().complete(r.result().get(i));
                } else {
                    batch.get(i).answer().fail(r.cause());
                }
            }
        });
    }
}
