package dev.onpyrunner.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class RedisSettingsTest {
    @Test
    void takes_the_password_out_of_the_url() {
        RedisSettings settings = RedisSettings.of("redis://:s3%40cret@example.org:6379/2", 100);
        assertThat(settings.url()).isEqualTo("redis://example.org:6379/2");
        assertThat(settings.password()).isEqualTo("s3@cret");
        assertThat(settings.toString()).doesNotContain("s3");
    }

    @Test
    void leaves_a_url_without_password_as_it_is() {
        RedisSettings settings = RedisSettings.of("rediss://example.org", 100);
        assertThat(settings).isEqualTo(new RedisSettings("rediss://example.org", "", 100));
        assertThat(settings.toString()).contains("none");
    }

    @Test
    void refuses_a_time_out_of_nothing() {
        assertThatThrownBy(() -> RedisSettings.of("redis://x", 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void does_not_show_a_password_in_what_it_says_of_a_wrong_url() {
        assertThatThrownBy(() -> RedisSettings.of("redis://:s3 cret@example.org", 100))
                .isInstanceOf(IllegalArgumentException.class)
                .message()
                .doesNotContain("s3");
    }
}
