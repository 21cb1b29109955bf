package dev.onpyrunner.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.onpyrunner.Await;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which Redis a node refuses to work with. */
@Timeout(30)
class RedisCheckIT {
    @Test
    void one_that_comes_late_is_waited_for_and_one_that_refuses_us_is_not() throws IOException {
        Vertx vertx = Vertx.vertx();
        try (TestRedis redis = TestRedis.start()) {
            redis.kill();
            Future<Void> checked = RedisCheck.check(vertx, redis.settings(500), 15_000);
            assertThatThrownBy(() -> Await.get(RedisCheck.check(vertx, redis.settings(500), 0)))
                    .hasMessageContaining("cannot be reached");
            assertThat(checked.isComplete()).isFalse();
            redis.restart();
            Await.get(checked);
            RedisSettings wrong = RedisSettings.of(redis.url().replaceFirst("//[^@]*@", "//:wrong@"), 500);
            assertThatThrownBy(() -> Await.get(RedisCheck.check(vertx, wrong, Long.MAX_VALUE / 1_000_000)))
                    .hasMessageContaining("WRONGPASS");
        } finally {
            Await.get(vertx.close());
        }
    }

    @Test
    void one_that_may_forget_keys_is_refused() throws IOException {
        Vertx vertx = Vertx.vertx();
        try (TestRedis redis = TestRedis.start()) {
            Await.get(RedisCheck.check(vertx, redis.settings()));
            TestRedis.send(redis.link(vertx), Command.CONFIG, "SET", "maxmemory-policy", "allkeys-lru");
            assertThatThrownBy(() -> Await.get(RedisCheck.check(vertx, redis.settings())))
                    .hasMessageContaining("allkeys-lru")
                    .hasMessageContaining("noeviction");
        } finally {
            Await.get(vertx.close());
        }
    }
}
