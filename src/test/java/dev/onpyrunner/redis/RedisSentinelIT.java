package dev.onpyrunner.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.onpyrunner.Await;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A link that asks sentinels where the master is. */
@Timeout(60)
class RedisSentinelIT {
    private Vertx vertx;
    private TestSentinel redis;
    private RedisLink link;

    @BeforeEach
    void start() throws IOException {
        vertx = Vertx.vertx();
        redis = TestSentinel.start(vertx);
        link = Await.get(RedisLink.open(vertx, redis.settings(), "test"));
    }

    @AfterEach
    void stop() throws IOException {
        Await.get(vertx.close());
        redis.close();
    }

    /** What the old master takes until it knows is lost with it: asynchronous replication promises no more. */
    private void awaitWriteAtNewMaster(String value) {
        Await.until("it writes to the new master", () -> {
            try {
                TestRedis.send(link, Command.SET, "key", value);
                return redis.replica().send("GET", "key").toString().equals(value);
            } catch (RedisUnavailableException e) {
                return false;
            }
        });
    }

    @Test
    void goes_to_the_new_master_when_the_old_one_is_killed() {
        TestRedis.send(link, Command.SET, "key", "kept");
        redis.awaitReplica();
        redis.killMaster();
        Await.until("it is with the new one", link::isUp);
        assertThat(TestRedis.send(link, Command.GET, "key").toString()).isEqualTo("kept");
        awaitWriteAtNewMaster("new");
    }

    @Test
    void goes_to_the_new_master_when_the_old_one_hangs_and_stays_there_when_it_goes_on() throws Exception {
        redis.master().hang();
        redis.awaitSwitch();
        awaitWriteAtNewMaster("new");
        redis.master().goOn();
        Await.until("the old one answers", () -> redis.master().isMaster());
        awaitWriteAtNewMaster("newer");
        assertThat(String.valueOf(redis.master().send("GET", "key"))).isNotEqualTo("newer");
    }

    @Test
    void a_switch_loses_one_write_at_most_where_a_master_without_replica_may_not_write() {
        redis.master().send("CONFIG", "SET", "min-replicas-to-write", 2);
        assertThatThrownBy(() -> TestRedis.send(link, Command.SET, "key", "x"))
                .isInstanceOfSatisfying(RedisUnavailableException.class, e -> {
                    assertThat(e.mayHaveRun()).isFalse();
                    assertThat(e).hasMessageContaining("NOREPLICAS");
                });
        assertThat(link.isUp()).as("it is still the master").isTrue();
        redis.master().send("CONFIG", "SET", "min-replicas-to-write", 1);
        redis.sentinels().get(0).send("SENTINEL", "FAILOVER", "jobs");
        AtomicInteger written = new AtomicInteger();
        Await.until("it writes to the new master", () -> {
            try {
                boolean switched = redis.replica().isMaster();
                TestRedis.send(link, Command.RPUSH, "list", "x");
                written.incrementAndGet();
                return switched;
            } catch (RedisUnavailableException e) {
                assertThat(e.mayHaveRun()).as(e.getMessage()).isFalse();
                return false;
            }
        });
        // One may meet the old master between the promotion and its hearing of it.
        assertThat(redis.replica().send("LLEN", "list").toInteger()).isBetween(written.get() - 1, written.get());
    }

    @Test
    void works_with_one_sentinel_left_and_says_what_is_wrong() throws IOException {
        redis.sentinels().get(0).kill();
        redis.sentinels().get(2).kill();
        Await.get(RedisCheck.check(vertx, redis.settings()));
        assertThat(Await.get(RedisCheck.describe(vertx, redis.settings(), List.of())))
                .startsWith("master " + redis.master().host() + " (jobs, by Sentinel): ");

        assertThatThrownBy(() -> check(redis.url().replace("/jobs?", "/others?")))
                .hasMessageContaining("do not know a master named 'others'");
        assertThatThrownBy(() -> check(redis.url().replaceFirst("sentinel_password=.*", "sentinel_password=wr0ng")))
                .hasMessageContaining("WRONGPASS")
                .message()
                .doesNotContain("wr0ng");
        String login = redis.url().replaceFirst("redis-sentinel://([^@]*@).*", "redis://$1");
        assertThatThrownBy(() -> check(login + redis.replica().host()))
                .hasMessageContaining("is a replica")
                .hasMessageContaining(redis.master().host());
        assertThatThrownBy(() -> check(
                        "redis://:of-the-sentinels@" + redis.sentinels().get(1).host()))
                .hasMessageContaining("is a sentinel");
        redis.sentinels().get(1).kill();
        assertThatThrownBy(() -> check(redis.url())).hasMessageContaining("No sentinel tells where Redis is");
    }

    private void check(String url) {
        Await.get(RedisCheck.check(vertx, RedisSettings.of(url, 1_000)));
    }
}
