package dev.onpyrunner.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.onpyrunner.redis.RedisSettings.Kind;
import dev.onpyrunner.redis.RedisSettings.Login;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RedisSettingsTest {
    private static RedisSettings of(String url) {
        return RedisSettings.of(url, 100);
    }

    @Test
    void takes_user_and_password_out_of_the_url() {
        RedisSettings settings = of("redis://ann:s3%40cr+t@example.org:6379/2");
        assertThat(settings.kind()).isEqualTo(Kind.SINGLE);
        assertThat(settings.url()).isEqualTo("redis://example.org:6379/2");
        assertThat(settings.login()).isEqualTo(new Login("ann", "s3@cr+t"));
        assertThat(settings.database()).isEqualTo(2);
        assertThat(settings.tls()).isFalse();
        assertThat(settings.toString()).doesNotContain("s3").doesNotContain("ann");
    }

    @ParameterizedTest
    @ValueSource(strings = {"redis://:secret@h", "redis://secret@h"})
    void takes_a_password_alone_as_that_of_the_default_user(String url) {
        assertThat(of(url).login()).isEqualTo(new Login("", "secret"));
    }

    @Test
    void knows_the_sentinels_their_master_and_their_own_password() {
        RedisSettings settings = of("rediss-sentinel://ann:one@a,b:7000,[::1]/my%20master/3"
                + "?sentinel_user=bob&sentinel_password=t%26wo");
        assertThat(settings.kind()).isEqualTo(Kind.SENTINEL);
        assertThat(settings.hosts()).containsExactly("a:26379", "b:7000", "[::1]:26379");
        assertThat(settings.master()).isEqualTo("my master");
        assertThat(settings.database()).isEqualTo(3);
        assertThat(settings.tls()).isTrue();
        assertThat(settings.login()).isEqualTo(new Login("ann", "one"));
        assertThat(settings.sentinelLogin()).isEqualTo(new Login("bob", "t&wo"));
        assertThat(settings.url()).isEqualTo("rediss-sentinel://a:26379,b:7000,[::1]:26379/my master/3");
        assertThat(settings.toString()).doesNotContain("one").doesNotContain("wo");
    }

    @Test
    void knows_a_socket() {
        RedisSettings settings = of("unix://ann:one@/run/redis.sock");
        assertThat(settings.login()).isEqualTo(new Login("ann", "one"));
        assertThat(settings.url()).isEqualTo("unix:///run/redis.sock");
    }

    @Test
    void knows_some_nodes_of_a_cluster() {
        RedisSettings settings = of("redis-cluster://:one@a:1,b:2");
        assertThat(settings.kind()).isEqualTo(Kind.CLUSTER);
        assertThat(settings.hosts()).containsExactly("a:1", "b:2");
        assertThat(settings.url()).isEqualTo("redis-cluster://a:1,b:2");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "redis://:s3 cret@h:p | each host must be",
                "redis://ann:s3cret | each host must be",
                "redis://:s3cret | each host must be",
                "redis://:s3%cret@h | '%25'",
                "redis://:s3@cret@h | %40",
                "redis://:s3/cret@h | %2F",
                "redis://:s3cret@h?password=s3cret | parameter that is not known",
                "redis://:s3cret@a,b | names one server",
                "redis://:s3cret@a_b | each host must be",
                "redis://:s3cret@a:70000 | each host must be",
                "redis://:s3cret@a/s3cret | number of a database",
                "redis-sentinel://:s3cret@a | name the master",
                "redis-sentinel://:s3cret@a/m?sentinelPassword=s3cret | sentinel_password",
                "redis-cluster://:s3cret@a,b/1 | database 0 only",
                "http://:s3cret@a | redis://host:port"
            })
    void says_what_is_wrong_and_shows_no_password(String url, String said) {
        assertThatThrownBy(() -> of(url))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(said.replace("'", ""))
                .message()
                .doesNotContain("s3");
    }

    @Test
    void refuses_a_time_out_of_nothing() {
        assertThatThrownBy(() -> RedisSettings.of("redis://x", 0)).isInstanceOf(IllegalArgumentException.class);
    }
}
