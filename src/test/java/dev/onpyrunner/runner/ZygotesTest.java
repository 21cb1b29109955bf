package dev.onpyrunner.runner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.onpyrunner.Await;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When jails wait for a warm interpreter, and when they do without. */
class ZygotesTest {
    private static final int MANY = 3_000;

    @Test
    void nobody_waits_for_another_one_when_the_last_one_failed() {
        Promise<Zygote> first = Promise.promise();
        Promise<Zygote> second = Promise.promise();
        Deque<Promise<Zygote>> launched = new ArrayDeque<>(List.of(first, second));
        Interpreter interpreter = new Interpreter(
                "python3",
                "3.11",
                Path.of("/usr/bin/python3"),
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                List.of("slow"),
                List.of(),
                true,
                1,
                1);
        Vertx vertx = Vertx.vertx();
        try {
            Zygotes zygotes = new Zygotes(
                    vertx, interpreter, 1, 0, number -> launched.remove().future());
            Future<Optional<Zygote>> waiting = zygotes.current(Optional.empty());
            assertThat(waiting.isComplete()).isFalse();
            first.fail("it was slow, and failed");
            assertThat(waiting.result()).isEmpty();

            Future<Optional<Zygote>> later = zygotes.current(Optional.empty());
            assertThat(launched).isEmpty();
            assertThat(later.isComplete()).isTrue();
            assertThat(later.result()).isEmpty();
        } finally {
            Await.get(vertx.close());
        }
    }

    /** A module may take as long to load as it takes to look so many times. */
    @Test
    void one_that_takes_long_is_waited_for_all_the_same(@TempDir Path folder) throws IOException {
        Process nsjail = new ProcessBuilder("cat").start();
        Vertx vertx = Vertx.vertx();
        try {
            AtomicInteger looks = new AtomicInteger();
            Future<Void> ready =
                    new Zygote(nsjail, folder.resolve("z"), 1).ready(vertx, zygote -> looks.incrementAndGet() < MANY);
            Await.until("it to be given up", ready::isComplete);
            assertThat(ready.failed()).isTrue();
            assertThat(looks.get()).isEqualTo(MANY);
        } finally {
            nsjail.destroy();
            Await.get(vertx.close());
        }
    }
}
