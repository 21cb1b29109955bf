package dev.onpyrunner.redis;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A real redis-server as a child of this process, with its own data folder, append-only file and password.
 *
 * <p>The kernel ends it (SIGTERM, so it saves) when the thread that started it ends, and so also when this process is
 * killed. That thread lives until the server has ended. Another node finds it by {@code redis.url} in the data folder.
 */
public final class EmbeddedRedis {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedRedis.class);
    private static final String URL_FILE = "redis.url";
    private static final long START_MS = 30_000;
    /** What setpriv, like a shell, ends with when there is no such program. */
    private static final int NOT_FOUND = 127;

    private static final long STOP_MS = 10_000;
    /** A port that was free may be taken before the server has it. */
    private static final int TRIES = 5;
    /** In the server's log. */
    private static final String STARTS = "Redis is starting";

    private static final String ADDRESS_IN_USE = "Address already in use";

    private static final class PortTakenException extends IOException {
        private static final long serialVersionUID = 1;

        PortTakenException(String message) {
            super(message);
        }
    }

    private static final Set<PosixFilePermission> PRIVATE = PosixFilePermissions.fromString("rw-------");

    /** When changes are written to disk, as {@code appendfsync} has it. */
    public enum Fsync {
        /** Once a second: when the machine dies, not only Redis, the last second or two are lost. */
        EVERYSEC,
        /** Before each answer. */
        ALWAYS
    }

    private final Process process;
    private final RedisSettings settings;
    private volatile boolean stopping;

    private EmbeddedRedis(Process process, RedisSettings settings) {
        this.process = process;
        this.settings = settings;
    }

    /**
     * Starts a server and waits until it answers. Blocks.
     *
     * @param program the redis-server to run, 7.0 or newer
     * @param folder its data; made when it does not exist
     * @param maxMemoryBytes how much it may hold; then it refuses to take more and forgets nothing
     * @param fsync when its changes are written to disk
     * @param timeoutMs for the commands of its clients, in milliseconds
     * @param onDeath run when it ends without having been asked to
     * @throws IOException with a sentence that says what is wrong and what to do
     */
    public static EmbeddedRedis start(
            String program, Path folder, long maxMemoryBytes, Fsync fsync, long timeoutMs, Runnable onDeath)
            throws IOException {
        Files.createDirectories(folder);
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
        Path known = folder.resolve(URL_FILE);
        Matcher before = Pattern.compile("redis://:([0-9a-f]{48})@127\\.0\\.0\\.1:([0-9]{1,5})")
                .matcher(Files.exists(known) ? Files.readString(known).trim() : "");
        boolean isKnown = before.matches();
        // Other nodes know the address: keep it over a restart, as far as nobody else has taken it.
        String password = isKnown ? before.group(1) : newPassword();
        int port = isKnown ? Integer.parseInt(before.group(2)) : 0;
        for (int tries = 1; ; tries++) {
            try {
                return startAt(freePort(port), password, program, folder, maxMemoryBytes, fsync, timeoutMs, onDeath);
            } catch (PortTakenException e) {
                if (tries == TRIES) {
                    throw e;
                }
                LOG.info("{} Another port is tried", e.getMessage());
            }
        }
    }

    private static EmbeddedRedis startAt(
            int port,
            String password,
            String program,
            Path folder,
            long maxMemoryBytes,
            Fsync fsync,
            long timeoutMs,
            Runnable onDeath)
            throws IOException {
        String url = "redis://:" + password + "@127.0.0.1:" + port;
        RedisSettings settings = RedisSettings.of(url, timeoutMs);
        Path config = folder.resolve("redis.conf");
        Path log = folder.resolve("redis.log");
        writePrivate(
                config,
                List.of(
                        "bind 127.0.0.1",
                        "port " + port,
                        "requirepass " + password,
                        "dir " + quoted(folder.toAbsolutePath().toString()),
                        "logfile " + quoted(log.toAbsolutePath().toString()),
                        "appendonly yes",
                        "appendfsync " + fsync.name().toLowerCase(Locale.ROOT),
                        "save \"\"",
                        "maxmemory " + maxMemoryBytes,
                        "maxmemory-policy noeviction",
                        "daemonize no",
                        "protected-mode yes"));
        CompletableFuture<Process> started = new CompletableFuture<>();
        CompletableFuture<EmbeddedRedis> made = new CompletableFuture<>();
        Thread keeper = new Thread(() -> keep(program, config, started, made, onDeath), "onpyrunner-redis-keeper");
        keeper.setDaemon(true);
        keeper.start();
        Process process;
        try {
            process = started.join();
        } catch (java.util.concurrent.CompletionException e) {
            throw new IOException(notFound(program, e.getCause().getMessage()), e);
        }
        EmbeddedRedis redis = new EmbeddedRedis(process, settings);
        try {
            redis.awaitReady(program, port, log);
            writePrivate(folder.resolve(URL_FILE), List.of(url));
        } catch (IOException e) {
            redis.stop();
            throw e;
        } finally {
            made.complete(redis);
        }
        LOG.info("redis-server runs on 127.0.0.1:{}, data in {}", port, folder);
        return redis;
    }

    /** How to reach the server that runs, or ran last, in a folder; empty when none has. */
    public static Optional<RedisSettings> of(Path folder, long timeoutMs) throws IOException {
        Path known = folder.resolve(URL_FILE);
        return Files.exists(known)
                ? Optional.of(RedisSettings.of(Files.readString(known).trim(), timeoutMs))
                : Optional.empty();
    }

    private static void keep(
            String program,
            Path config,
            CompletableFuture<Process> started,
            CompletableFuture<EmbeddedRedis> made,
            Runnable onDeath) {
        try {
            Process process = new ProcessBuilder("setsid", "setpriv", "--pdeathsig", "TERM", program, config.toString())
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            started.complete(process);
            int code = waitFor(process);
            if (!made.join().stopping) {
                LOG.error("redis-server ended by itself with exit code {}", code);
                onDeath.run();
            }
        } catch (IOException e) {
            started.completeExceptionally(e);
        }
    }

    /** Waits whatever interrupts it: when this thread ends, so does the server. */
    private static int waitFor(Process process) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return process.waitFor();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void awaitReady(String program, int port, Path log) throws IOException {
        long end = System.nanoTime() + START_MS * 1_000_000;
        while (System.nanoTime() < end) {
            if (!process.isAlive() && process.exitValue() == NOT_FOUND) {
                throw new IOException(notFound(program, "there is no such program"));
            }
            if (!process.isAlive()) {
                String said = end(log);
                String message = "redis-server ended at once. Its log, " + log + ", ends with: " + lastOf(said);
                throw said.contains(ADDRESS_IN_USE) ? new PortTakenException(message) : new IOException(message);
            }
            if (answersPing(port)) {
                return;
            }
            try {
                process.waitFor(10, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }
        throw new IOException("redis-server was not ready within " + START_MS / 1000 + " s; see " + log);
    }

    /** Asks as a client would; while the data are being loaded the answer is an error. */
    private boolean answersPing(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
            socket.setSoTimeout(1_000);
            socket.getOutputStream()
                    .write(("AUTH " + settings.login().password() + "\r\nPING\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            byte[] reply = socket.getInputStream().readNBytes("+OK\r\n+PONG\r\n".length());
            return new String(reply, StandardCharsets.US_ASCII).equals("+OK\r\n+PONG\r\n");
        } catch (IOException e) {
            return false;
        }
    }

    private static String notFound(String program, String why) {
        return "redis-server cannot be started from '" + program + "': " + why
                + ". Start the node with ./onpyrunner, which fetches it, or install Redis 7 or newer, or set"
                + " ONPY_REDIS_SERVER to its path.";
    }

    /** What the server wrote since it was started. */
    private static String end(Path log) throws IOException {
        String all = Files.exists(log) ? Files.readString(log, StandardCharsets.ISO_8859_1) : "";
        return all.substring(Math.max(0, all.lastIndexOf(STARTS)));
    }

    private static String lastOf(String said) {
        return said.lines().filter(l -> !l.isBlank()).reduce((a, b) -> b).orElse("(nothing)");
    }

    private static String newPassword() {
        byte[] secret = new byte[24];
        new SecureRandom().nextBytes(secret);
        return HexFormat.of().formatHex(secret);
    }

    private static int freePort(int wanted) throws IOException {
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), wanted));
            return probe.getLocalPort();
        } catch (BindException e) {
            if (wanted == 0) {
                throw e;
            }
            return freePort(0);
        }
    }

    private static void writePrivate(Path file, List<String> lines) throws IOException {
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        Files.createFile(fresh, PosixFilePermissions.asFileAttribute(PRIVATE));
        Files.write(fresh, lines);
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    /** How to reach it. */
    public RedisSettings settings() {
        return settings;
    }

    /** The server's process. */
    public ProcessHandle process() {
        return process.toHandle();
    }

    /** Ends the server, which saves what it holds. Blocks until it has ended. */
    public void stop() {
        stopping = true;
        process.destroy();
        try {
            if (!process.waitFor(STOP_MS, TimeUnit.MILLISECONDS)) {
                LOG.error("redis-server did not end within {} s; it is killed", STOP_MS / 1000);
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
