package dev.onpyrunner.redis;

import dev.onpyrunner.Await;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/** A real master, its replica, and three sentinels that watch them. */
public final class TestSentinel implements AutoCloseable {
    private static final String PASSWORD = "of-the-servers";
    private static final String SENTINEL_PASSWORD = "of-the-sentinels";
    private static final String NAME = "jobs";
    private static final int SENTINELS = 3;

    private final Path folder;
    private final List<RedisProcess> servers = new ArrayList<>();
    private final List<RedisProcess> sentinels = new ArrayList<>();

    private TestSentinel(Path folder) {
        this.folder = folder;
    }

    /** Starts all of it and waits until the sentinels know each other and the replica. */
    public static TestSentinel start(Vertx vertx) throws IOException {
        TestSentinel all = new TestSentinel(Files.createTempDirectory("onpyrunner-sentinel-"));
        List<Integer> ports = RedisProcess.freePorts(2 + SENTINELS);
        List<String> config = List.of(
                "masterauth " + PASSWORD,
                "appendonly yes",
                "save \"\"",
                "repl-diskless-sync-delay 0",
                "repl-ping-replica-period 1");
        for (int port : ports.subList(0, 2)) {
            all.servers.add(RedisProcess.start(vertx, all.folder, port, PASSWORD, config));
        }
        RedisProcess master = all.servers.get(0);
        RedisProcess replica = all.servers.get(1);
        replica.send("REPLICAOF", "127.0.0.1", master.port());
        Await.until("the replica has everything", () -> isSynced(replica));
        List<String> watch = List.of(
                "sentinel monitor " + NAME + " 127.0.0.1 " + master.port() + " 2",
                "sentinel auth-pass " + NAME + " " + PASSWORD,
                "sentinel down-after-milliseconds " + NAME + " 500",
                "sentinel failover-timeout " + NAME + " 4000",
                "sentinel sentinel-pass " + SENTINEL_PASSWORD);
        for (int port : ports.subList(2, 2 + SENTINELS)) {
            all.sentinels.add(RedisProcess.start(vertx, all.folder, port, SENTINEL_PASSWORD, watch, "--sentinel"));
        }
        Await.until(
                "the sentinels know all",
                () -> all.sentinels.stream()
                        .map(s -> s.send("SENTINEL", "MASTER", NAME).toString())
                        .allMatch(m -> m.matches("(?s).*num-slaves, 1.*num-other-sentinels, 2.*")));
        return all;
    }

    private static boolean isSynced(RedisProcess replica) {
        return replica.send("INFO", "replication").toString().contains("master_link_status:up");
    }

    /** The sentinels, the name of the master, and both passwords. */
    public String url() {
        return "redis-sentinel://:" + PASSWORD + "@"
                + sentinels.stream().map(RedisProcess::host).collect(Collectors.joining(",")) + "/" + NAME
                + "?sentinel_password=" + SENTINEL_PASSWORD;
    }

    public RedisSettings settings() {
        return RedisSettings.of(url(), 1_000);
    }

    RedisProcess master() {
        return servers.get(0);
    }

    RedisProcess replica() {
        return servers.get(1);
    }

    List<RedisProcess> sentinels() {
        return sentinels;
    }

    /** Kills the master and waits until the replica is it. */
    public void killMaster() {
        master().kill();
        awaitSwitch();
    }

    /** Waits until the replica is the master. */
    void awaitSwitch() {
        Await.until("the replica is master", () -> replica().isMaster());
    }

    /** Waits until the replica has all that the master has written so far. */
    public void awaitReplica() {
        Await.until(
                "the replica has it",
                () -> master().send("ROLE")
                        .get(1)
                        .toLong()
                        .equals(replica().send("ROLE").get(4).toLong()));
    }

    @Override
    public void close() throws IOException {
        sentinels.forEach(RedisProcess::close);
        servers.forEach(RedisProcess::close);
        try (var files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
        }
    }
}
