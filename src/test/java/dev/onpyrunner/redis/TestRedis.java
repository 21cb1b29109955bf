package dev.onpyrunner.redis;

import dev.onpyrunner.Await;
import dev.onpyrunner.redis.EmbeddedRedis.Fsync;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.TimeUnit;

/** A real Redis for tests, in a folder of its own, which can be killed, started again and made to hang. */
public final class TestRedis implements AutoCloseable {
    private static final long TIMEOUT_MS = 2_000;
    private static final long MAX_MEMORY = 256L << 20;

    private final Path folder;
    private final EmbeddedRedis first;
    private ProcessHandle process;

    private TestRedis(Path folder, EmbeddedRedis first) {
        this.folder = folder;
        this.first = first;
        this.process = first.process();
    }

    public static TestRedis start() throws IOException {
        Path folder = Files.createTempDirectory("onpyrunner-redis-");
        return new TestRedis(
                folder, EmbeddedRedis.start(server(), folder, MAX_MEMORY, Fsync.EVERYSEC, TIMEOUT_MS, () -> {}));
    }

    /** The redis-server of the tests. */
    public static String server() {
        return System.getenv().getOrDefault("ONPY_REDIS_SERVER", "redis-server");
    }

    public RedisSettings settings() {
        return first.settings();
    }

    /** How a node is told of it, password and all. */
    public String url() throws IOException {
        return Files.readString(folder.resolve("redis.url")).trim();
    }

    /** Settings with another time-out. */
    public RedisSettings settings(long timeoutMs) {
        return first.settings().withTimeout(timeoutMs);
    }

    /** Opens a link. */
    public RedisLink link(Vertx vertx) {
        return Await.get(RedisLink.open(vertx, settings(), "test"));
    }

    /** Sends a command and waits for its reply. */
    public static Response send(RedisLink link, Command command, Object... args) {
        Request request = Request.cmd(command);
        for (Object arg : args) {
            request.arg(String.valueOf(arg));
        }
        return Await.get(link.send(request));
    }

    /** Makes it write each change to disk before it answers, so that a kill loses nothing. */
    public static void keepAll(RedisLink link) {
        send(link, Command.CONFIG, "SET", "appendfsync", "always");
    }

    /** SIGKILL. Blocks until it has ended. */
    public void kill() {
        process.destroyForcibly();
        process.onExit().orTimeout(10, TimeUnit.SECONDS).join();
    }

    /** Starts it again after a kill, with the same port, password and data. */
    public void restart() throws IOException {
        process = new ProcessBuilder(server(), folder.resolve("redis.conf").toString())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start()
                .toHandle();
    }

    /** SIGSTOP: it is there and does not answer. */
    public void hang() throws IOException, InterruptedException {
        signal("STOP");
    }

    /** SIGCONT. */
    public void goOn() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        int code = new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                .inheritIO()
                .start()
                .waitFor();
        if (code != 0) {
            throw new IOException("kill ended with " + code);
        }
    }

    @Override
    public void close() throws IOException {
        first.stop();
        kill();
        try (var files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
        }
    }
}
