package dev.onpyrunner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code serve}: a node in the foreground, until SIGTERM or Ctrl-C. */
@Command(
        name = "serve",
        description = "Start a node and print the console's address.",
        footer = {
            "",
            "Every setting, with its default, is in conf/onpyrunner.json. A flag goes before an",
            "environment variable (ONPY_HTTP_PORT, …), which goes before the file."
        })
final class ServeCommand implements Callable<Integer> {
    @Option(names = "--host", paramLabel = "H", description = "Address to listen on (default: 127.0.0.1).")
    private String host;

    @Option(names = "--port", paramLabel = "N", description = "Port to listen on (default: 8080; 0: any).")
    private String port;

    @Option(names = "--role", paramLabel = "R", description = "http, runner or http,runner (default).")
    private String roles;

    @Option(
            names = "--redis",
            paramLabel = "URL",
            description = "redis://[:password@]host:port, or embedded (default): a redis-server of its own.")
    private String redis;

    @Option(names = "--data", paramLabel = "DIR", description = "Data folder (default: data).")
    private String data;

    @Option(names = "--slots", paramLabel = "N", description = "Programs that run at once (default: one a core).")
    private String slots;

    @Option(names = "--log", paramLabel = "FORM", description = "Log lines as text (default) or json.")
    private String log;

    @Option(names = "--config", paramLabel = "FILE", description = "Settings file.")
    private Path config;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Map<String, String> flags = new LinkedHashMap<>();
        put(flags, "http.host", host);
        put(flags, "http.port", port);
        put(flags, "roles", roles);
        put(flags, "redis.url", redis);
        put(flags, "data_dir", data);
        put(flags, "runner.slots", slots);
        put(flags, "log", log);
        NodeConfig settings = NodeConfig.load(config, System.getenv(), flags);
        // Before the first logger is made.
        System.setProperty("onpyrunner.log", settings.log() == NodeConfig.Log.JSON ? "json" : "text");
        if (!settings.audit().toString().isEmpty()) {
            System.setProperty("onpyrunner.audit", appendable(settings.audit()).toString());
            System.setProperty("onpyrunner.audit.on", "logback-audit.xml");
        }
        CountDownLatch over = new CountDownLatch(1);
        Node node = Node.start(settings, over::countDown);
        Runtime.getRuntime().addShutdownHook(new Thread(node::close, "onpyrunner-stop"));
        System.out.println("OnPyRunner is ready: " + node.url() + "   (Ctrl-C stops it)");
        System.out.flush();
        over.await();
        return 1; // it lost its Redis; the hook stops the rest
    }

    /** The file for the audit's lines, which only this user may read; told now when it cannot be had. */
    private static Path appendable(Path file) throws IOException {
        Path whole = file.toAbsolutePath();
        try {
            if (!Files.exists(whole)) {
                Files.createFile(
                        whole, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            }
            Files.newOutputStream(whole, StandardOpenOption.APPEND).close();
            return whole;
        } catch (IOException e) {
            throw new IOException("The setting 'audit' is wrong: " + whole + " cannot be written: " + e, e);
        }
    }

    private static void put(Map<String, String> flags, String path, String value) {
        if (value != null) {
            flags.put(path, value);
        }
    }
}
