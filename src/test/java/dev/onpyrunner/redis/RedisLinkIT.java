package dev.onpyrunner.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.onpyrunner.Await;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetServer;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.impl.types.ErrorType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A link while its Redis is killed, hangs, and comes back. */
@Timeout(60)
class RedisLinkIT {
    private Vertx vertx;
    private TestRedis redis;
    private RedisLink link;

    @BeforeEach
    void start() throws IOException {
        vertx = Vertx.vertx();
        redis = TestRedis.start();
        link = redis.link(vertx);
    }

    @AfterEach
    void stop() throws IOException {
        Await.get(vertx.close());
        redis.close();
    }

    private Future<Response> get(String key) {
        return link.send(Request.cmd(Command.GET).arg(key));
    }

    private boolean answers() {
        try {
            Await.get(get("key"));
            return true;
        } catch (RedisUnavailableException e) {
            return false;
        }
    }

    @Test
    void brings_replies_in_the_order_of_the_commands() {
        List<Future<Response>> replies = IntStream.range(0, 1_000)
                .mapToObj(i -> link.send(Request.cmd(Command.ECHO).arg(i)))
                .toList();
        for (int i = 0; i < replies.size(); i++) {
            assertThat(Await.get(replies.get(i)).toInteger()).isEqualTo(i);
        }
        assertThat(link.isUp()).isTrue();
        assertThat(link.upMs("key")).isNotNegative();
    }

    @Test
    void passes_on_what_redis_says_against_a_command_and_stays_up() {
        TestRedis.send(link, Command.SET, "key", "text");
        assertThatThrownBy(() -> TestRedis.send(link, Command.INCR, "key"))
                .cause()
                .isInstanceOf(ErrorType.class)
                .hasMessageContaining("not an integer");
        assertThat(link.isUp()).isTrue();
    }

    @Test
    void fails_at_once_while_redis_is_dead_and_comes_back_with_it() throws IOException {
        TestRedis.keepAll(link);
        TestRedis.send(link, Command.SET, "key", "kept");
        redis.kill();
        Await.until("the link has noticed", () -> !link.isUp());
        assertThat(link.upMs("key")).isZero();
        long before = System.nanoTime();
        assertThatThrownBy(() -> Await.get(get("key"))).isInstanceOf(RedisUnavailableException.class);
        assertThat(System.nanoTime() - before).as("time to fail").isLessThan(500_000_000L);

        redis.restart();
        Await.until("the link is back", () -> link.isUp());
        assertThat(Await.get(get("key")).toString()).isEqualTo("kept");
    }

    @Test
    void says_of_commands_that_were_under_way_that_redis_is_away() throws Exception {
        redis.hang();
        List<Future<Response>> underWay =
                IntStream.range(0, 10).mapToObj(i -> get("key" + i)).toList();
        redis.kill();
        assertThat(underWay)
                .allSatisfy(reply ->
                        assertThatThrownBy(() -> Await.get(reply)).isInstanceOf(RedisUnavailableException.class));
    }

    @Test
    void says_so_too_of_a_reader_that_blocks_in_redis() {
        RedisLink blocking = Await.get(RedisLink.openBlocking(vertx, redis.settings(), "blocking", 30_000, "nothing"));
        Future<Response> waiting =
                blocking.send(Request.cmd(Command.BLPOP).arg("nothing").arg(30));
        Await.until(
                "Redis blocks it",
                () -> TestRedis.send(link, Command.INFO, "clients").toString().contains("blocked_clients:1"));
        redis.kill();
        assertThatThrownBy(() -> Await.get(waiting)).isInstanceOf(RedisUnavailableException.class);
    }

    @Test
    void loads_its_scripts_again_into_a_redis_that_has_forgotten_them() throws IOException {
        Script script = Script.named("claim");
        List<String> keys = List.of("t:{0}:lease", "t:{0}:stats", "t:{0}:ready:x");
        List<Object> args = List.of("t:{0}:", "node", "token", 100, "x");
        assertThat(Await.get(script.run(link, keys, args))).isNull();
        TestRedis.send(link, Command.SCRIPT, "FLUSH");
        assertThat(Await.get(script.run(link, keys, args))).isNull();
        redis.kill();
        redis.restart();
        Await.until("the link is back", this::answers);
        assertThat(Await.get(script.run(link, keys, args))).isNull();
    }

    @Test
    void gives_up_a_redis_that_hangs_and_comes_back_when_it_goes_on() throws Exception {
        RedisLink impatient = Await.get(RedisLink.open(vertx, redis.settings(300), "impatient"));
        redis.hang();
        Future<Response> first =
                impatient.send(Request.cmd(Command.SET).arg("n").arg("1"));
        Future<Response> second = impatient.send(Request.cmd(Command.ECHO).arg("late"));
        assertThatThrownBy(() -> Await.get(first)).isInstanceOf(RedisUnavailableException.class);
        assertThatThrownBy(() -> Await.get(second)).isInstanceOf(RedisUnavailableException.class);
        assertThat(impatient.isUp()).isFalse();

        redis.goOn();
        Await.until("the link is back", impatient::isUp);
        // A reply to what was sent before must not be taken for a reply to this.
        assertThat(Await.get(impatient.send(Request.cmd(Command.ECHO).arg("fresh")))
                        .toString())
                .isEqualTo("fresh");
    }

    @Test
    void waits_longer_for_a_reader_that_blocks_in_redis() {
        RedisLink blocking =
                Await.get(RedisLink.openBlocking(vertx, redis.settings(300), "blocking", 1_000, "nothing"));
        assertThat(Await.get(
                        blocking.send(Request.cmd(Command.BLPOP).arg("nothing").arg(1))))
                .isNull();
        assertThat(blocking.isUp()).isTrue();
    }

    @Test
    void says_what_redis_has_against_a_wrong_password() {
        RedisSettings wrong = RedisSettings.of(redis.settings().url().replace("//", "//:wrong@"), 2_000);
        assertThatThrownBy(() -> Await.get(RedisLink.open(vertx, wrong, "wrong")))
                .hasMessageContaining(redis.settings().url())
                .hasMessageContaining("WRONGPASS");
    }

    @Test
    void says_that_a_password_is_needed() {
        RedisSettings none = RedisSettings.of(redis.settings().url(), 2_000);
        assertThatThrownBy(() -> Await.get(RedisCheck.check(vertx, none))).hasMessageContaining("NOAUTH");
    }

    @Test
    void is_reached_by_its_socket_and_in_a_database_of_its_own(@TempDir Path folder) throws IOException {
        Path socket = folder.resolve("socket");
        int port = RedisProcess.freePorts(1).get(0);
        try (RedisProcess server = RedisProcess.start(vertx, folder, port, "s3cret", List.of("unixsocket " + socket))) {
            RedisSettings settings = RedisSettings.of("unix://:s3cret@" + socket, 1_000);
            Await.get(RedisCheck.check(vertx, settings));
            TestRedis.send(Await.get(RedisLink.open(vertx, settings, "socket")), Command.SET, "key", "here");
            assertThat(server.send("GET", "key").toString()).isEqualTo("here");
            RedisSettings third = RedisSettings.of("redis://:s3cret@" + server.host() + "/3", 1_000);
            TestRedis.send(Await.get(RedisLink.open(vertx, third, "third")), Command.SET, "key", "there");
            assertThat(server.send("GET", "key").toString()).isEqualTo("here");
            assertThat(server.send("INFO", "keyspace").toString()).contains("db0:", "db3:");
        }
    }

    @Test
    void says_where_no_redis_can_be_reached() {
        redis.kill();
        assertThatThrownBy(() -> Await.get(RedisLink.open(vertx, redis.settings(), "nobody")))
                .isInstanceOf(RedisUnavailableException.class)
                .hasMessageContaining(redis.settings().url())
                .message()
                .doesNotContain(redis.settings().login().password());
    }

    @Test
    void does_not_come_back_once_it_is_closed() throws IOException {
        Await.get(link.close());
        assertThat(link.isUp()).isFalse();
        assertThatThrownBy(() -> Await.get(get("key"))).isInstanceOf(RedisUnavailableException.class);
        RedisLink witness = redis.link(vertx);
        redis.kill();
        redis.restart();
        Await.until("others notice", () -> !witness.isUp());
        Await.until("others are back", witness::isUp);
        assertThat(link.isUp()).isFalse();
    }

    @Test
    void notices_a_redis_that_goes_away_just_after_it_came() {
        NetServer fickle = Await.get(vertx.createNetServer()
                .connectHandler(socket -> socket.handler(b -> {
                    socket.write("+OK\r\n");
                    socket.close();
                }))
                .listen(0, "127.0.0.1"));
        RedisSettings settings = RedisSettings.of("redis://:x@127.0.0.1:" + fickle.actualPort(), 1_000);
        for (int i = 0; i < 50; i++) {
            Future<RedisLink> opening =
                    RedisLink.open(vertx, settings, "fickle").otherwiseEmpty();
            RedisLink opened = Await.get(opening);
            if (opened != null) {
                Await.until("it has noticed", () -> {
                    opened.send(Request.cmd(Command.PING));
                    return !opened.isUp();
                });
                Await.get(opened.close());
            }
        }
    }

    @Test
    void carries_bytes_as_they_are() {
        Buffer bytes = Buffer.buffer(new byte[] {0, (byte) 0xff, 13, 10, (byte) 0x80});
        Await.get(link.send(Request.cmd(Command.SET).arg("bytes").arg(bytes)));
        assertThat(Await.get(get("bytes")).toBuffer()).isEqualTo(bytes);
    }
}
