package dev.onpyrunner.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventIdTest {
    @ParameterizedTest
    @ValueSource(strings = {"0-0", "0-1", "1763812345678-5", "999999999999999999-999999999999999999"})
    void is_read_as_it_is_written(String text) {
        assertThat(EventId.parse(text).orElseThrow()).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1", "1-", "-1", "1-*", "1-2-3", "a-b", "+1-2", " 1-2", "1-2\n", "1_2", "1.0-2", "٣-٤"})
    void is_nothing_else(String text) {
        assertThat(EventId.parse(text)).isEmpty();
    }

    @Test
    void that_would_not_fit_a_number_is_refused() {
        assertThat(EventId.parse("9999999999999999999-1")).isEmpty();
        assertThat(EventId.parse("1-9999999999999999999")).isEmpty();
    }

    @Test
    void compares_as_two_numbers() {
        List<EventId> ordered = Stream.of("0-0", "0-2", "0-10", "9-1", "10-0", "10-1")
                .map(t -> EventId.parse(t).orElseThrow())
                .toList();
        assertThat(ordered).isSorted();
        assertThat(ordered.get(0)).isEqualTo(EventId.START);
        assertThat(ordered.get(2).isAfter(ordered.get(1))).isTrue();
        assertThat(ordered.get(3).isAfter(ordered.get(4))).isFalse();
        assertThat(EventId.START.isAfter(EventId.START)).isFalse();
    }

    @Test
    void follows_only_the_one_before_it_of_the_same_start() {
        EventId fifth = new EventId(7, 5);
        assertThat(fifth.follows(new EventId(7, 4))).isTrue();
        assertThat(fifth.follows(new EventId(7, 3))).isFalse();
        assertThat(fifth.follows(fifth)).isFalse();
        assertThat(fifth.follows(new EventId(6, 4))).isFalse();
        assertThat(new EventId(8, 1).follows(new EventId(7, 9))).isFalse();
    }
}
