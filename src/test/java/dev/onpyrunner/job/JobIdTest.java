package dev.onpyrunner.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JobIdTest {
    @ParameterizedTest
    @ValueSource(ints = {0, 7, 10, 999})
    void a_new_one_is_well_formed_and_names_its_partition(int partition) {
        JobId id = JobId.random(partition);
        assertThat(JobId.isWellFormed(id.text())).isTrue();
        assertThat(id.partition()).isEqualTo(partition);
        assertThat(id.text()).hasSize(String.valueOf(partition).length() + 27);
        assertThat(new JobId(id.text())).isEqualTo(id).hasToString(id.text());
    }

    @Test
    void each_is_another_one() {
        assertThat(Stream.generate(() -> JobId.random(0)).limit(1_000)).doesNotHaveDuplicates();
    }

    @Test
    void uses_every_character_that_it_may() {
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < 500; i++) {
            all.append(JobId.random(0).text().substring(3));
        }
        assertThat(all.chars().distinct().count()).isEqualTo(32);
    }

    @Test
    void shows_ten_characters_in_logs() {
        JobId id = new JobId("0-06y3tq9m5x8vk2r4n7c1zb5w3d");
        assertThat(id.brief()).isEqualTo("0-06y3tq9m");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "0",
                "-06y3tq9m5x8vk2r4n7c1zb5w3d",
                "0-06y3tq9m5x8vk2r4n7c1zb5w3",
                "0-06y3tq9m5x8vk2r4n7c1zb5w3dd",
                "00-06y3tq9m5x8vk2r4n7c1zb5w3d",
                "10000-06y3tq9m5x8vk2r4n7c1zb5w3d",
                "0-06y3tq9m5x8vk2r4n7c1zb5w3u",
                "0-06y3tq9m5x8vk2r4n7c1zb5w3l",
                "0-06Y3TQ9M5X8VK2R4N7C1ZB5W3D",
                "0-06y3tq9m5x8vk2r4n7c1zb5w3d\n",
                " 0-06y3tq9m5x8vk2r4n7c1zb5w3d",
                "0}:06y3tq9m5x8vk2r4n7c1zb5w3d",
                "0-../../../../../../../../etc"
            })
    void is_nothing_else(String text) {
        assertThat(JobId.isWellFormed(text)).isFalse();
        assertThatThrownBy(() -> new JobId(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
