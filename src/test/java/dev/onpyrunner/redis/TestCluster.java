package dev.onpyrunner.redis;

import dev.onpyrunner.Await;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.impl.ZModem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** A real Redis Cluster of three masters and one replica, which can lose a master and move a slot. */
public final class TestCluster implements AutoCloseable {
    private static final String PASSWORD = "of-the-cluster";
    private static final int MASTERS = 3;
    private static final int SLOTS = 16_384;

    private final Path folder;
    private final List<RedisProcess> nodes = new ArrayList<>();

    private TestCluster(Path folder) {
        this.folder = folder;
    }

    /** Starts it and waits until all nodes agree. The replica is the second master's. */
    public static TestCluster start(Vertx vertx) throws IOException {
        TestCluster cluster = new TestCluster(Files.createTempDirectory("onpyrunner-cluster-"));
        List<String> config = List.of(
                "masterauth " + PASSWORD,
                "cluster-enabled yes",
                "cluster-node-timeout 1000",
                "cluster-replica-validity-factor 0",
                "appendonly yes",
                "save \"\"",
                "repl-diskless-sync-delay 0",
                "repl-ping-replica-period 1");
        for (int port : RedisProcess.freePorts(MASTERS + 1)) {
            cluster.nodes.add(RedisProcess.start(vertx, cluster.folder, port, PASSWORD, config));
        }
        RedisProcess first = cluster.nodes.get(0);
        for (int i = 0; i <= MASTERS; i++) {
            RedisProcess node = cluster.nodes.get(i);
            node.send("CLUSTER", "SET-CONFIG-EPOCH", i + 1);
            if (i < MASTERS) {
                node.send("CLUSTER", "ADDSLOTSRANGE", SLOTS * i / MASTERS, SLOTS * (i + 1) / MASTERS - 1);
            }
            node.send("CLUSTER", "MEET", "127.0.0.1", first.port());
        }
        Await.until(
                "all know all",
                () -> cluster.nodes.stream().allMatch(n -> info(n).contains("cluster_known_nodes:" + (MASTERS + 1))));
        cluster.nodes.get(MASTERS).send("CLUSTER", "REPLICATE", id(cluster.nodes.get(1)));
        cluster.awaitWhole();
        return cluster;
    }

    private static String info(RedisProcess node) {
        return node.send("CLUSTER", "INFO").toString();
    }

    private static String id(RedisProcess node) {
        return node.send("CLUSTER", "MYID").toString();
    }

    /** Waits until every node says that the cluster is well, and the replica has all that its master has. */
    public void awaitWhole() {
        Await.until(
                "the cluster is whole",
                () -> nodes.stream().allMatch(n -> info(n).contains("cluster_state:ok"))
                        && nodes.stream().filter(this::isSyncedReplica).count() == 1);
    }

    private boolean isSyncedReplica(RedisProcess node) {
        return node.send("INFO", "replication").toString().contains("master_link_status:up");
    }

    /** Two of its nodes, and the password. */
    public String url() {
        return "redis-cluster://:" + PASSWORD + "@" + nodes.get(0).host() + ","
                + nodes.get(2).host();
    }

    public RedisSettings settings() {
        return RedisSettings.of(url(), 2_000);
    }

    /** How many keys each master has. */
    public List<Integer> keysOfMasters() {
        return masters().stream().map(m -> m.send("DBSIZE").toInteger()).toList();
    }

    /** The masters, in the order of their slots. */
    List<RedisProcess> masters() {
        return nodes.stream().filter(RedisProcess::isMaster).toList();
    }

    /** The master that has a key. */
    RedisProcess masterOf(String key) {
        int slot = ZModem.generate(key);
        for (Response range : nodes.get(0).send("CLUSTER", "SLOTS")) {
            if (range.get(0).toInteger() <= slot && slot <= range.get(1).toInteger()) {
                return at(range.get(2).get(1).toInteger());
            }
        }
        throw new AssertionError("nobody has slot " + slot);
    }

    private RedisProcess at(int port) {
        return nodes.stream().filter(n -> n.port() == port).findFirst().orElseThrow();
    }

    private RedisProcess replica() {
        return nodes.stream().filter(this::isSyncedReplica).findFirst().orElseThrow();
    }

    /** The master that may die. */
    RedisProcess masterWithReplica() {
        return at(replica().send("ROLE").get(2).toInteger());
    }

    /** Waits until the replica has all that its master has written so far. */
    public void awaitReplica() {
        RedisProcess replica = replica();
        RedisProcess master = masterWithReplica();
        Await.until(
                "the replica has it",
                () -> master.send("ROLE")
                        .get(1)
                        .toLong()
                        .equals(replica.send("ROLE").get(4).toLong()));
    }

    /** Makes the replica of a killed master the new one, and has the killed one come back as its replica. */
    public void failOver(Runnable meanwhile) throws IOException {
        RedisProcess replica = replica();
        RedisProcess master = masterWithReplica();
        master.kill();
        Await.until("the replica is master", replica::isMaster);
        meanwhile.run();
        master.restart();
        awaitWhole();
    }

    /** A slot on its way from one master to another, key by key. */
    public final class Move {
        private final int slot;
        private final RedisProcess from;
        private final RedisProcess to;

        private Move(String key) {
            slot = ZModem.generate(key);
            from = masterOf(key);
            to = masters().stream().filter(n -> n != from).findFirst().orElseThrow();
            to.send("CLUSTER", "SETSLOT", slot, "IMPORTING", id(from));
            from.send("CLUSTER", "SETSLOT", slot, "MIGRATING", id(to));
        }

        /** Takes up to so many keys over; how many there were. */
        public int take(int count) {
            Response keys = from.send("CLUSTER", "GETKEYSINSLOT", slot, count);
            for (Response key : keys) {
                from.send("MIGRATE", "127.0.0.1", to.port(), key, 0, 2_000, "AUTH", PASSWORD);
            }
            return keys.size();
        }

        /** Ends the move. */
        public void end() {
            to.send("CLUSTER", "SETSLOT", slot, "NODE", id(to));
            from.send("CLUSTER", "SETSLOT", slot, "NODE", id(to));
        }

        /** The names of all keys that the two nodes have of the slot; one that both have is there twice. */
        List<String> keys() {
            List<String> keys = new ArrayList<>();
            for (RedisProcess node : List.of(from, to)) {
                node.send("CLUSTER", "GETKEYSINSLOT", slot, 100_000).forEach(k -> keys.add(k.toString()));
            }
            return keys;
        }
    }

    /** Begins to move the slot of a key to another master. */
    public Move move(String key) {
        return new Move(key);
    }

    @Override
    public void close() throws IOException {
        nodes.forEach(RedisProcess::close);
        try (var files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
        }
    }
}
