package dev.onpyrunner.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class OwnerTest {
    @Test
    void is_always_in_the_same_partition() {
        Owner owner = new Owner("ip:127.0.0.1");
        assertThat(owner.partition(1)).isZero();
        assertThat(owner.partition(1_000)).isEqualTo(new Owner("ip:127.0.0.1").partition(1_000));
    }

    @Test
    void shares_the_partitions_evenly_with_others() {
        long[] count = new long[8];
        IntStream.range(0, 8_000).forEach(i -> count[new Owner("ip:10.0." + i / 250 + "." + i % 250).partition(8)]++);
        assertThat(count).hasSize(8).satisfies(all -> {
            for (long n : all) {
                assertThat(n).isBetween(700L, 1_300L);
            }
        });
    }

    @Test
    void must_have_a_name_of_some_length() {
        assertThatThrownBy(() -> new Owner(" ")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Owner("x".repeat(201))).isInstanceOf(IllegalArgumentException.class);
        assertThat(new Owner("x".repeat(200)).partition(7)).isBetween(0, 6);
    }
}
