package dev.onpyrunner.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What goes together, and what becomes of it. */
class BatchesTest {
    private final Deque<List<Integer>> sent = new ArrayDeque<>();
    private final Deque<Promise<List<Integer>>> replies = new ArrayDeque<>();
    private final Batches<Integer, Integer> batches = new Batches<>(requests -> {
        sent.add(requests);
        replies.add(Promise.promise());
        return replies.peekLast().future();
    });

    private List<Future<Integer>> add(int count, int bytes) {
        List<Future<Integer>> answers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            answers.add(batches.add(i, bytes));
        }
        return answers;
    }

    @Test
    void one_goes_at_once_and_those_that_come_meanwhile_go_together() {
        List<Future<Integer>> answers = add(4, 1);
        assertThat(sent).containsExactly(List.of(0));
        replies.poll().complete(List.of(10));
        assertThat(sent).containsExactly(List.of(0), List.of(1, 2, 3));
        assertThat(answers.get(0).result()).isEqualTo(10);
        replies.poll().complete(List.of(11, 12, 13));
        assertThat(answers).extracting(Future::result).containsExactly(10, 11, 12, 13);
        add(1, 1);
        assertThat(sent).as("nothing is under way any more").hasSize(3);
    }

    @Test
    void no_more_go_together_than_redis_may_be_kept_busy_with() {
        add(100, 1);
        replies.poll().complete(List.of(0));
        assertThat(sent.peekLast()).hasSize(32);
    }

    @Test
    void large_ones_go_alone() {
        add(3, 200 << 10);
        replies.poll().complete(List.of(0));
        assertThat(sent).containsExactly(List.of(0), List.of(1));
    }

    @Test
    void a_failure_is_everybodys_and_the_next_ones_are_tried() {
        List<Future<Integer>> answers = add(3, 1);
        replies.poll().fail("away");
        replies.poll().fail("away");
        assertThat(answers).allMatch(Future::failed);
        add(1, 1);
        assertThat(sent).hasSize(3);
    }

    @Test
    void a_redis_that_is_away_fails_all_that_wait_however_many_there_are() {
        List<Future<Integer>> answers = new ArrayList<>();
        Promise<List<Integer>> first = Promise.promise();
        Deque<Future<List<Integer>>> next = new ArrayDeque<>(List.of(first.future()));
        Batches<Integer, Integer> away = new Batches<>(r -> next.isEmpty() ? Future.failedFuture("away") : next.poll());
        for (int i = 0; i < 20_000; i++) {
            answers.add(away.add(i, 1));
        }
        assertThat(answers.get(answers.size() - 1).failed())
                .as("there are too many")
                .isTrue();
        first.fail("away");
        assertThat(answers).allMatch(Future::failed);
    }
}
