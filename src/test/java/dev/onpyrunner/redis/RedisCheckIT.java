package dev.onpyrunner.redis;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.onpyrunner.Await;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which Redis a node refuses to work with. */
@Timeout(30)
class RedisCheckIT {
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
