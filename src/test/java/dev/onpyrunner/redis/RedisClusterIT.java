package dev.onpyrunner.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.onpyrunner.Await;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A link to a cluster while its slots move and its masters die. */
@Timeout(60)
class RedisClusterIT {
    private static final Script SCRIPT = Script.named("claim");
    private static Vertx vertx;
    private static TestCluster cluster;
    private RedisLink link;

    @BeforeAll
    static void start() throws IOException {
        vertx = Vertx.vertx();
        cluster = TestCluster.start(vertx);
    }

    @AfterAll
    static void stop() throws IOException {
        Await.get(vertx.close());
        cluster.close();
    }

    @BeforeEach
    void open() {
        link = Await.get(RedisLink.open(vertx, cluster.settings(), "test"));
    }

    @AfterEach
    void close() {
        Await.get(link.close());
    }

    /** Keys whose slots are spread over all masters. */
    private static List<String> keys() {
        return IntStream.range(0, 30).mapToObj(i -> "t:{" + i + "}:key").toList();
    }

    private Future<Response> claim(String tag) {
        String p = "t:{" + tag + "}:";
        return SCRIPT.run(
                link, List.of(p + "lease", p + "stats", p + "ready:x"), List.of(p, "node", "token", 100, "x"));
    }

    @Test
    void brings_each_command_to_the_master_that_has_its_keys() {
        List<Future<Response>> replies = keys().stream()
                .map(k -> link.send(Request.cmd(Command.SET).arg(k).arg(k)))
                .toList();
        replies.forEach(Await::get);
        for (String key : keys()) {
            assertThat(TestRedis.send(link, Command.GET, key).toString()).isEqualTo(key);
        }
        assertThat(cluster.masters())
                .allSatisfy(m ->
                        assertThat(m.send("DBSIZE").toInteger()).as(m.host()).isPositive());
        assertThat(link.isUp()).isTrue();
    }

    @Test
    void runs_a_script_on_every_master_also_on_one_that_has_forgotten_it() {
        for (int i = 0; i < 30; i++) {
            assertThat(Await.get(claim(String.valueOf(i)))).isNull();
        }
        cluster.masters().get(2).send("SCRIPT", "FLUSH");
        for (int i = 0; i < 30; i++) {
            assertThat(Await.get(claim(String.valueOf(i)))).isNull();
        }
    }

    @Test
    void follows_a_slot_to_its_new_master() {
        TestRedis.send(link, Command.SET, "moving", "1");
        RedisProcess before = cluster.masterOf("moving");
        TestCluster.Move move = cluster.move("moving");
        move.take(100);
        move.end();
        List<Future<Response>> replies = IntStream.range(0, 100)
                .mapToObj(i -> link.send(Request.cmd(Command.INCR).arg("moving")))
                .toList();
        assertThat(replies.stream().map(r -> Await.get(r).toInteger()))
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(2, 102).boxed().toList());
        assertThat(cluster.masterOf("moving")).isNotEqualTo(before);
    }

    @Test
    void while_a_slot_moves_key_by_key_reads_find_their_key_and_scripts_do_nothing() {
        for (int i = 0; i < 20; i++) {
            TestRedis.send(link, Command.SET, "{way}" + i, i);
        }
        String p = "t:{way}:";
        TestRedis.send(link, Command.SET, p + "lease", "wrong type");
        TestCluster.Move move = cluster.move("{way}");
        assertThat(move.take(10)).isEqualTo(10);
        for (int i = 0; i < 20; i++) {
            assertThat(TestRedis.send(link, Command.GET, "{way}" + i).toInteger())
                    .isEqualTo(i);
        }
        assertThat(TestRedis.send(link, Command.GET, "{way}none")).isNull();
        List<Future<?>> refused = List.of(
                claim("way"),
                SCRIPT.run(link, List.of(p + "lease"), List.of(p, "node", "token", 100, "x")),
                SCRIPT.run(link, List.of("{way}1"), List.of(p, "node", "token", 100, "x")),
                SCRIPT.run(link, List.of("{way}19"), List.of(p, "node", "token", 100, "x")),
                link.send(Request.cmd(Command.LPUSH).arg("{way}new").arg("x")));
        assertThat(refused)
                .allSatisfy(r -> assertThatThrownBy(() -> Await.get(r))
                        .isInstanceOfSatisfying(
                                RedisUnavailableException.class,
                                e -> assertThat(e.mayHaveRun()).isFalse()));
        assertThat(move.keys()).doesNotHaveDuplicates().hasSize(21);
        move.take(100);
        move.end();
        TestRedis.send(link, Command.DEL, p + "lease");
        assertThat(Await.get(claim("way"))).isNull();
        assertThat(TestRedis.send(link, Command.GET, "{way}19").toInteger()).isEqualTo(19);
    }

    @Test
    void a_reader_that_blocks_is_connected_to_one_master_and_goes_with_its_slot() {
        RedisLink reader = Await.get(RedisLink.openBlocking(vertx, cluster.settings(), "reader", 10_000, "{list}"));
        RedisProcess before = cluster.masterOf("{list}");
        Future<Response> popped =
                reader.send(Request.cmd(Command.BLPOP).arg("{list}").arg(10));
        Await.until(
                "Redis blocks it",
                () -> before.send("INFO", "clients").toString().contains("blocked_clients:1"));
        TestCluster.Move move = cluster.move("{list}");
        move.end();
        TestRedis.send(link, Command.LPUSH, "{list}", "x");
        assertThat(Await.get(popped).get(1).toString()).isEqualTo("x");
        Await.get(reader.close());
    }

    @Test
    void only_the_slots_of_a_master_that_dies_are_away_until_its_replica_takes_over() throws IOException {
        String there = keys().stream()
                .filter(k -> cluster.masterOf(k) == cluster.masterWithReplica())
                .findFirst()
                .orElseThrow();
        String elsewhere = keys().stream()
                .filter(k -> cluster.masterOf(k) != cluster.masterWithReplica())
                .findFirst()
                .orElseThrow();
        TestRedis.send(link, Command.SET, there, "kept");
        TestRedis.send(link, Command.SET, elsewhere, "kept");
        cluster.awaitReplica();
        long before = System.nanoTime();
        Future<Void> asking = askUntilItFails(there);
        cluster.failOver(() -> {
            assertThatThrownBy(() -> Await.get(asking))
                    .as("it fails at once meanwhile")
                    .isInstanceOf(RedisUnavailableException.class);
            assertThat(link.isUp()).isTrue();
            Await.until("it is with the new master", () -> {
                try {
                    return TestRedis.send(link, Command.GET, there).toString().equals("kept");
                } catch (RedisUnavailableException e) {
                    return false;
                }
            });
            assertThat(link.upMs(there)).as("counted anew").isLessThan((System.nanoTime() - before) / 1_000_000);
            assertThat(link.upMs(elsewhere)).isGreaterThanOrEqualTo(link.upMs(there));
            Await.until(
                    "the cluster is up",
                    () -> cluster.masterOf(elsewhere)
                            .send("CLUSTER", "INFO")
                            .toString()
                            .contains("cluster_state:ok"));
            assertThat(TestRedis.send(link, Command.GET, elsewhere).toString()).isEqualTo("kept");
        });
    }

    /** One request after the other, so that there is one in whatever moment a master is away. */
    private Future<Void> askUntilItFails(String key) {
        return link.send(Request.cmd(Command.GET).arg(key)).compose(r -> askUntilItFails(key));
    }

    @Test
    void is_found_by_any_of_its_nodes_that_is_there() {
        RedisSettings one = RedisSettings.of(cluster.url().replaceFirst("@[^,]+", "@127.0.0.1:1"), 1_000);
        RedisLink other = Await.get(RedisLink.open(vertx, one, "one"));
        assertThat(TestRedis.send(other, Command.ECHO, "here").toString()).isEqualTo("here");
        Await.get(other.close());
    }

    @Test
    void says_what_is_wrong() throws IOException {
        RedisSettings nobody = RedisSettings.of("redis-cluster://:x@127.0.0.1:1", 500);
        assertThatThrownBy(() -> Await.get(RedisCheck.check(vertx, nobody))).hasMessageContaining("127.0.0.1:1");
        RedisSettings wrong = RedisSettings.of(cluster.url().replaceFirst("//[^@]*@", "//:wrong@"), 500);
        assertThatThrownBy(() -> Await.get(RedisCheck.check(vertx, wrong)))
                .hasMessageContaining("WRONGPASS")
                .message()
                .doesNotContain("wrong@");
        String node = cluster.url().replace("redis-cluster", "redis").replaceFirst(",.*", "");
        assertThatThrownBy(() -> Await.get(RedisCheck.check(vertx, RedisSettings.of(node, 1_000))))
                .hasMessageContaining("is a node of a cluster")
                .hasMessageContaining("redis-cluster://");
        try (TestRedis single = TestRedis.start()) {
            String url = "redis-cluster://:" + single.settings().login().password() + "@"
                    + single.settings().hosts().get(0);
            assertThatThrownBy(() -> Await.get(RedisCheck.check(vertx, RedisSettings.of(url, 1_000))))
                    .hasMessageContaining("cluster support disabled");
        }
        RedisProcess forgetful = cluster.masters().get(1);
        forgetful.send("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
        assertThatThrownBy(() -> Await.get(RedisCheck.check(vertx, cluster.settings())))
                .hasMessageContaining(forgetful.host())
                .hasMessageContaining("allkeys-lru");
        forgetful.send("CONFIG", "SET", "maxmemory-policy", "noeviction");
        Await.get(RedisCheck.check(vertx, cluster.settings()));
    }

    @Test
    void is_described_with_the_masters_that_the_queue_uses() {
        assertThat(Await.get(RedisCheck.describe(vertx, cluster.settings(), List.of("{0}"))))
                .startsWith("cluster of 3 masters (127.0.0.1:")
                .contains("noeviction")
                .endsWith("queue.partitions 1 on 1 of them: raise it to use the others too");
        assertThat(Await.get(RedisCheck.describe(vertx, cluster.settings(), keys())))
                .endsWith("queue.partitions 30 on 3 of them");
    }
}
