package dev.onpyrunner.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.onpyrunner.Await;
import dev.onpyrunner.redis.EmbeddedRedis.Fsync;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The redis-server that a node starts for itself. */
@Timeout(60)
class EmbeddedRedisIT {
    private static final long MAX_MEMORY = 64L << 20;

    @TempDir
    Path data;

    private Vertx vertx;

    @BeforeEach
    void start() {
        vertx = Vertx.vertx();
    }

    @AfterEach
    void stop() {
        Await.get(vertx.close());
    }

    private EmbeddedRedis embedded(Runnable onDeath) throws IOException {
        return EmbeddedRedis.start(
                TestRedis.server(), data.resolve("redis"), MAX_MEMORY, Fsync.EVERYSEC, 2_000, onDeath);
    }

    private static Set<Thread> keepers() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(t -> t.getName().equals("onpyrunner-redis-keeper"))
                .collect(Collectors.toSet());
    }

    private RedisLink link(RedisSettings settings) {
        return Await.get(RedisLink.open(vertx, settings, "test"));
    }

    @Test
    void keeps_its_data_and_its_address_when_it_is_stopped_and_started() throws IOException {
        EmbeddedRedis first = embedded(() -> {});
        RedisLink link = link(first.settings());
        TestRedis.send(link, Command.SET, "key", "kept");
        Await.get(link.close());
        first.stop();
        assertThat(first.process().isAlive()).isFalse();

        EmbeddedRedis second = embedded(() -> {});
        assertThat(second.settings()).as("other nodes know it").isEqualTo(first.settings());
        assertThat(TestRedis.send(link(second.settings()), Command.GET, "key").toString())
                .isEqualTo("kept");
        second.stop();
    }

    /** A server that finds its port taken, the first time, by a socket that was opened after the port was chosen. */
    private Path unluckyServer() throws IOException {
        Path program = data.resolve("unlucky-redis");
        Files.writeString(program, """
                #!/usr/bin/env python3
                import os, pathlib, socket, sys
                met = pathlib.Path(__file__).with_name("met")
                if not met.exists():
                    met.touch()
                    port = next(l.split()[1] for l in open(sys.argv[1]) if l.startswith("port "))
                    taken = socket.create_server(("127.0.0.1", int(port)))
                    taken.set_inheritable(True)
                os.execv("%1$s", ["%1$s", *sys.argv[1:]])
                """.formatted(TestRedis.server()));
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        return program;
    }

    @Test
    void takes_another_port_when_its_own_was_taken_at_the_last_moment() throws IOException {
        AtomicBoolean died = new AtomicBoolean();
        EmbeddedRedis redis = EmbeddedRedis.start(
                unluckyServer().toString(),
                data.resolve("redis"),
                MAX_MEMORY,
                Fsync.EVERYSEC,
                2_000,
                () -> died.set(true));
        assertThat(data.resolve("met")).exists();
        assertThat(TestRedis.send(link(redis.settings()), Command.PING).toString())
                .isEqualTo("PONG");
        redis.stop();
        assertThat(died).isFalse();
    }

    @Test
    void is_one_that_jobs_can_be_trusted_to() throws IOException {
        EmbeddedRedis redis = embedded(() -> {});
        Await.get(RedisCheck.check(vertx, redis.settings()));
        assertThat(TestRedis.send(link(redis.settings()), Command.CONFIG, "GET", "maxmemory")
                        .get(1)
                        .toLong())
                .isEqualTo(MAX_MEMORY);
        redis.stop();
    }

    @Test
    void writes_to_disk_as_it_is_told_also_when_that_has_changed() throws IOException {
        for (Fsync fsync : Fsync.values()) {
            EmbeddedRedis redis =
                    EmbeddedRedis.start(TestRedis.server(), data.resolve("redis"), MAX_MEMORY, fsync, 2_000, () -> {});
            assertThat(TestRedis.send(link(redis.settings()), Command.CONFIG, "GET", "appendfsync")
                            .get(1)
                            .toString())
                    .isEqualToIgnoringCase(fsync.name());
            redis.stop();
        }
    }

    @Test
    void lets_nobody_in_without_its_password() throws IOException {
        EmbeddedRedis redis = embedded(() -> {});
        RedisSettings none = RedisSettings.of(redis.settings().url(), 2_000);
        assertThatThrownBy(() -> TestRedis.send(link(none), Command.GET, "key")).hasMessageContaining("NOAUTH");
        redis.stop();
    }

    @Test
    void lets_no_other_user_read_its_files() throws IOException {
        EmbeddedRedis redis = embedded(() -> {});
        Path folder = data.resolve("redis");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
                .isEqualTo("rwx------");
        for (String file : new String[] {"redis.conf", "redis.url"}) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(file))))
                    .as(file)
                    .isEqualTo("rw-------");
        }
        RedisSettings found =
                RedisSettings.of(Files.readString(folder.resolve("redis.url")).trim(), 2_000);
        assertThat(found).isEqualTo(redis.settings());
        redis.stop();
    }

    @Test
    void tells_when_it_dies_and_not_when_it_is_stopped() throws IOException {
        CompletableFuture<Void> death = new CompletableFuture<>();
        EmbeddedRedis killed = embedded(() -> death.complete(null));
        killed.process().destroyForcibly();
        death.orTimeout(10, TimeUnit.SECONDS).join();

        Set<Thread> others = keepers();
        CompletableFuture<Void> none = new CompletableFuture<>();
        EmbeddedRedis stopped = embedded(() -> none.complete(null));
        stopped.stop();
        Await.until("its keeper has ended", () -> others.containsAll(keepers()));
        assertThat(none).isNotDone();
    }

    @Test
    void says_what_to_do_when_there_is_no_redis_server() {
        assertThatThrownBy(
                        () -> EmbeddedRedis.start("no-such-redis", data, MAX_MEMORY, Fsync.EVERYSEC, 2_000, () -> {}))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no-such-redis")
                .hasMessageContaining("ONPY_REDIS_SERVER");
    }

    @Test
    void says_what_redis_said_when_it_does_not_start() throws IOException {
        Path folder = Files.createDirectories(data.resolve("redis").resolve("appendonlydir"))
                .getParent();
        Files.writeString(folder.resolve("appendonlydir").resolve("appendonly.aof.manifest"), "nonsense\n");
        assertThatThrownBy(() -> embedded(() -> {}))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("redis.log")
                .hasMessageContaining("AOF");
    }

    @Test
    void ends_when_the_program_that_started_it_is_killed() throws Exception {
        Process parent = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Parent.class.getName(),
                        data.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader said = parent.inputReader()) {
            ProcessHandle redis =
                    ProcessHandle.of(Long.parseLong(said.readLine())).orElseThrow();
            assertThat(redis.isAlive()).isTrue();
            parent.destroyForcibly();
            redis.onExit().orTimeout(10, TimeUnit.SECONDS).join();
        } finally {
            parent.destroyForcibly();
        }
    }

    /** A program that starts a Redis, says its process id, and waits to be killed. */
    static final class Parent {
        private Parent() {}

        public static void main(String[] args) throws IOException {
            EmbeddedRedis redis = EmbeddedRedis.start(
                    TestRedis.server(), Path.of(args[0]), MAX_MEMORY, Fsync.EVERYSEC, 2_000, () -> {});
            System.out.println(redis.process().pid());
            System.out.flush();
            System.in.read();
        }
    }
}
