package dev.onpyrunner.redis;

import dev.onpyrunner.Await;
import dev.onpyrunner.redis.RedisSettings.Login;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** One redis-server or sentinel of a test, with what it is configured to be; it can be killed, hang and start again. */
public final class RedisProcess implements AutoCloseable {
    /** Where a node of a cluster listens for the others, above its port. */
    private static final int BUS = 10_000;

    private final Vertx vertx;
    private final Path folder;
    private final int port;
    private final RedisSettings settings;
    private final String[] options;
    private Process process;

    private RedisProcess(Vertx vertx, Path folder, int port, RedisSettings settings, String[] options) {
        this.vertx = vertx;
        this.folder = folder;
        this.port = port;
        this.settings = settings;
        this.options = options;
    }

    /**
     * Starts a server on 127.0.0.1 and waits until it answers.
     *
     * @param password needed to use it
     * @param config lines of its configuration, besides port, folder and password
     * @param options of its command line
     */
    public static RedisProcess start(
            Vertx vertx, Path top, int port, String password, List<String> config, String... options)
            throws IOException {
        Path folder = Files.createDirectories(top.resolve(String.valueOf(port)));
        List<String> lines = new ArrayList<>(List.of(
                "bind 127.0.0.1",
                "port " + port,
                "dir " + folder,
                "logfile " + folder.resolve("log"),
                "requirepass " + password));
        lines.addAll(config);
        Files.write(folder.resolve("conf"), lines);
        RedisSettings settings = RedisSettings.of("redis://:" + password + "@127.0.0.1:" + port, 2_000);
        RedisProcess server = new RedisProcess(vertx, folder, port, settings, options);
        server.restart();
        return server;
    }

    /** Starts a server that speaks TLS only, and only with those who show a certificate. */
    public static RedisProcess startWithTls(Vertx vertx, Path folder, RedisSettings.Tls files) throws IOException {
        int port = freePorts(1).get(0);
        Files.write(
                folder.resolve("conf"),
                List.of(
                        "bind 127.0.0.1",
                        "port 0",
                        "tls-port " + port,
                        "tls-ca-cert-file " + files.ca(),
                        "tls-cert-file " + files.certificate(),
                        "tls-key-file " + files.key(),
                        "tls-auth-clients yes",
                        "dir " + folder,
                        "logfile " + folder.resolve("log")));
        RedisSettings settings = RedisSettings.of("rediss://127.0.0.1:" + port, 2_000, files);
        RedisProcess server = new RedisProcess(vertx, folder, port, settings, new String[0]);
        server.restart();
        return server;
    }

    public RedisSettings settings() {
        return settings;
    }

    /** Free ports of this machine, each of them with the one of the cluster bus. */
    public static List<Integer> freePorts(int count) throws IOException {
        Set<Integer> ports = new HashSet<>();
        while (ports.size() < count) {
            int port;
            try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                port = probe.getLocalPort();
            }
            // The kernel gives others ports above 32,768: below that, nobody takes it meanwhile.
            port = port % 10_000 + 12_000;
            if (isFree(port) && isFree(port + BUS)) {
                ports.add(port);
            }
        }
        return List.copyOf(ports);
    }

    private static boolean isFree(int port) {
        try {
            new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    int port() {
        return port;
    }

    String host() {
        return "127.0.0.1:" + port;
    }

    /** Starts it, again after a kill, with what it has written down. */
    void restart() throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "setpriv",
                "--pdeathsig",
                "KILL",
                TestRedis.server(),
                folder.resolve("conf").toString()));
        command.addAll(List.of(options));
        process = new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        Await.until(host() + " answers", () -> {
            try {
                send("PING");
                return true;
            } catch (RedisUnavailableException e) {
                return false;
            }
        });
    }

    /** Sends one command over a connection of its own, with the password of the settings. */
    Response send(String command, Object... args) {
        return send(settings.login(), command, args);
    }

    Response send(Login login, String command, Object... args) {
        Request request = Request.cmd(Command.create(command));
        for (Object arg : args) {
            request.arg(String.valueOf(arg));
        }
        return Await.get(RedisNode.connect(vertx, settings, login, host(), settings.timeoutMs())
                .compose(node -> node.send(request).eventually(node::close)));
    }

    /** Whether it is a master, as far as it answers. */
    public boolean isMaster() {
        return "master".equals(role());
    }

    /** Whether it is a replica, as far as it answers. */
    boolean isReplica() {
        return "slave".equals(role());
    }

    private String role() {
        try {
            return send("ROLE").get(0).toString();
        } catch (RedisUnavailableException e) {
            return "";
        }
    }

    /** SIGKILL. Blocks until it has ended. */
    void kill() {
        process.destroyForcibly();
        process.onExit().orTimeout(10, TimeUnit.SECONDS).join();
    }

    /** SIGSTOP: it is there and does not answer. */
    void hang() throws IOException, InterruptedException {
        signal("STOP");
    }

    /** SIGCONT. */
    void goOn() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                .inheritIO()
                .start()
                .waitFor();
    }

    @Override
    public void close() {
        kill();
    }
}
