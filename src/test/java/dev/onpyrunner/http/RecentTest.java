package dev.onpyrunner.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.Test;

/** Who is told what others were told, and who is not. */
class RecentTest {
    private final Deque<Promise<String>> asked = new ArrayDeque<>();
    private long now = Long.MAX_VALUE; // nanoTime may begin anywhere, and overflow
    private final Recent<String> recent = new Recent<>(
            () -> {
                asked.add(Promise.promise());
                return asked.peekLast().future();
            },
            () -> now);

    @Test
    void one_answer_is_for_all_of_a_second() {
        Future<String> first = recent.get();
        assertThat(recent.get()).as("before it is known").isSameAs(first);
        asked.getLast().complete("a");
        now += 999_999_999;
        assertThat(recent.get().result()).isEqualTo("a");
        now++;
        assertThat(recent.get().isComplete()).isFalse();
        assertThat(asked).hasSize(2);
    }

    @Test
    void a_failure_is_not_kept() {
        recent.get();
        asked.getLast().fail("away");
        assertThat(recent.get().isComplete()).isFalse();
        assertThat(asked).hasSize(2);
    }
}
