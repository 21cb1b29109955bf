package dev.onpyrunner.job;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.Function;

/**
 * Requests that cost less together. One goes at once while few are under way; those that come meanwhile wait for an
 * answer and then go together, so that nobody waits for company.
 *
 * <p>Any thread may call it.
 *
 * @param <T> a request
 * @param <R> its answer
 */
final class Batches<T, R> {
    /** While Redis works on one, the next one can be made. */
    private static final int UNDER_WAY = 2;
    /** Redis does nothing else while it works on a batch. */
    private static final int MOST = 32;

    private static final int MOST_BYTES = 256 << 10;

    private final Function<List<T>, Future<List<R>>> send;
    private final Queue<Waiting<T, R>> waiting = new ArrayDeque<>();
    private int underWay;

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
        sendNext(0);
        return answer.future();
    }

    /** Sends what waits if there may be more under way, now that so many have come back. */
    private void sendNext(int back) {
        List<Waiting<T, R>> batch = new ArrayList<>();
        synchronized (this) {
            underWay -= back;
            if (underWay == UNDER_WAY || waiting.isEmpty()) {
                return;
            }
            underWay++;
            int bytes = 0;
            do {
                bytes += waiting.peek().bytes();
                batch.add(waiting.poll());
            } while (!waiting.isEmpty()
                    && batch.size() < MOST
                    && bytes + waiting.peek().bytes() <= MOST_BYTES);
        }
        send.apply(batch.stream().map(Waiting::request).toList()).onComplete(r -> {
            for (int i = 0; i < batch.size(); i++) {
                if (r.succeeded()) {
                    batch.get(i).answer().complete(r.result().get(i));
                } else {
                    batch.get(i).answer().fail(r.cause());
                }
            }
            sendNext(1);
        });
    }
}
