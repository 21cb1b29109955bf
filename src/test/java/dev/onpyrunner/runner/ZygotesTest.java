package dev.onpyrunner.runner;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** When jails wait for a warm interpreter, and when they do without. */
class ZygotesTest {
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
            vertx.close();
        }
    }
}
