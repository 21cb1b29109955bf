package dev.onpyrunner;

import io.vertx.core.Future;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;

/** How tests wait: for a future, or for a condition that nothing announces; with a time limit in any case. */
public final class Await {
    private static final long LIMIT_S = 20;
    private static final long LOOK_AGAIN_MS = 10;

    private Await() {}

    /** The future's result; its failure is thrown as it is. */
    public static <T> T get(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(LIMIT_S, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new AssertionError(e.getCause());
        } catch (TimeoutException e) {
            throw new AssertionError("nothing came within " + LIMIT_S + " s", e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Looks again and again until what it sees is good; then hands that on. */
    public static <T> T value(String what, Callable<T> look, Predicate<T> good) {
        AtomicReference<T> seen = new AtomicReference<>();
        try {
            until(what, () -> {
                seen.set(look.call());
                return good.test(seen.get());
            });
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "; last seen: " + seen.get(), e);
        }
        return seen.get();
    }

    /** Waits until a condition holds, looking at it again and again. */
    public static void until(String what, Callable<Boolean> condition) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
        try {
            while (!condition.call()) {
                if (System.nanoTime() > end) {
                    throw new AssertionError("not within " + LIMIT_S + " s: " + what);
                }
                TimeUnit.MILLISECONDS.sleep(LOOK_AGAIN_MS);
            }
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new AssertionError(what, e);
        }
    }
}
