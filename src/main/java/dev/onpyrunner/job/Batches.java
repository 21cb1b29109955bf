package dev.onpyrunner.job;

import dev.onpyrunner.redis.RedisUnavailableException;
import io.vertx.core.AsyncResult;
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
    /** As many as a connection to Redis may have under way. */
    private static final int MOST_WAITING = 16_384;

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
            if (waiting.size() == MOST_WAITING) {
                return Future.failedFuture(new RedisUnavailableException("Too many wait for Redis", null));
            }
            waiting.add(new Waiting<>(request, bytes, answer));
        }
        sendNext();
        return answer.future();
    }

    private void sendNext() {
        for (List<Waiting<T, R>> batch = next(); !batch.isEmpty(); batch = next()) {
            List<Waiting<T, R>> sent = batch;
            // What throws fails like what is not answered, and keeps nobody from going after it.
            Future<List<R>> reply = Future.succeededFuture(
                            sent.stream().map(Waiting::request).toList())
                    .compose(send);
            if (!reply.isComplete()) {
                reply.onComplete(r -> {
                    back();
                    sendNext(); // first: Redis can work on it while these are answered
                    answer(sent, r);
                });
                return;
            }
            answer(sent, reply);
            back();
        }
    }

    /** What goes together now; nothing while a batch is under way. */
    private synchronized List<Waiting<T, R>> next() {
        List<Waiting<T, R>> batch = new ArrayList<>();
        int bytes = 0;
        while (!underWay
                && !waiting.isEmpty()
                && batch.size() < MOST
                && (batch.isEmpty() || bytes + waiting.peek().bytes() <= MOST_BYTES)) {
            bytes += waiting.peek().bytes();
            batch.add(waiting.poll());
        }
        underWay |= !batch.isEmpty();
        return batch;
    }

    private synchronized void back() {
        underWay = false;
    }

    private static <T, R> void answer(List<Waiting<T, R>> batch, AsyncResult<List<R>> reply) {
        for (int i = 0; i < batch.size(); i++) {
            if (reply.succeeded()) {
                batch.get(i).answer().complete(reply.result().get(i));
            } else {
                batch.get(i).answer().fail(reply.cause());
            }
        }
    }
}
