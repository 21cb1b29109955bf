package dev.onpyrunner.job;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ApiKeyTest {
    @Test
    void a_key_is_good_for_its_secret_and_its_time_only() {
        ApiKey.Made made = ApiKey.make("ann", 1_000, 2_000, Allowance.USUAL);
        ApiKey.Shown shown = ApiKey.Shown.parse(made.text()).orElseThrow();
        assertThat(made.key().admits(shown, 1_999)).isTrue();
        assertThat(made.key().admits(shown, 2_000)).isFalse();
        assertThat(made.key().admits(new ApiKey.Shown(shown.id(), "0".repeat(64)), 1_999))
                .isFalse();
        assertThat(made + " " + made.key() + " " + shown).doesNotContain(shown.secret());
        assertThat(ApiKey.make("bob", 0, 0, Allowance.USUAL).key().isOver(Long.MAX_VALUE))
                .isFalse();
    }

    @Test
    void what_is_no_key_is_not_read_as_one() {
        assertThat(ApiKey.Shown.parse("")).isEmpty();
        assertThat(ApiKey.Shown.parse("onpy_000000000000_" + "0".repeat(65))).isEmpty();
        assertThat(ApiKey.Shown.parse("onpy_000000000000_" + "G".repeat(64))).isEmpty();
    }
}
