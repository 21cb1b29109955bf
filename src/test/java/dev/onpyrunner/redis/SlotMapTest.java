package dev.onpyrunner.redis;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SlotMapTest {
    @Test
    void nothing_has_no_master() {
        assertThat(SlotMap.NOTHING.hostOf(0)).isNull();
        assertThat(SlotMap.NOTHING.hosts()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 8_000, 16_382, 16_383})
    void one_slot_can_move_and_its_neighbours_stay(int slot) {
        SlotMap moved = SlotMap.all("a:1").with(slot, "b:2");
        for (int i = 0; i < 16_384; i++) {
            assertThat(moved.hostOf(i)).as("slot %d", i).isEqualTo(i == slot ? "b:2" : "a:1");
        }
        assertThat(moved.hosts()).containsExactly("a:1", "b:2");
        SlotMap back = moved.with(slot, "a:1");
        assertThat(back.hostOf(slot)).isEqualTo("a:1");
        assertThat(back.hosts()).containsExactly("a:1");
    }

    @Test
    void a_node_that_does_not_know_its_host_has_that_of_who_was_asked() {
        assertThat(SlotMap.host("", 7, "[::1]:6")).isEqualTo("[::1]:7");
        assertThat(SlotMap.host("?", 7, "here:6")).isEqualTo("here:7");
        assertThat(SlotMap.host("::2", 7, "here:6")).isEqualTo("[::2]:7");
        assertThat(SlotMap.host("there", 7, "here:6")).isEqualTo("there:7");
    }
}
