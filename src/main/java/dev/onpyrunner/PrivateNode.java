package dev.onpyrunner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;

/** A node for one command: on any free port, with a data folder that goes with it. */
final class PrivateNode implements AutoCloseable {
    private final TemporaryFolder data;
    private final Node node;
    private boolean closed;

    private PrivateNode(TemporaryFolder data, Node node) {
        this.data = data;
        this.node = node;
    }

    static PrivateNode start() throws IOException {
        return start("http,runner");
    }

    /** The same with other roles. */
    static PrivateNode start(String roles) throws IOException {
        TemporaryFolder data = TemporaryFolder.create("onpyrunner-data-");
        try {
            // Jails pass through it, to packages; what is private in it is so itself.
            Files.setPosixFilePermissions(data.path(), PosixFilePermissions.fromString("rwx--x--x"));
            NodeConfig config = NodeConfig.load(
                    null,
                    System.getenv(),
                    Map.ofEntries(
                            Map.entry("http.host", "127.0.0.1"),
                            Map.entry("http.port", "0"),
                            Map.entry("http.tls.certificate", ""),
                            Map.entry("http.tls.key", ""),
                            Map.entry("cluster.enabled", "false"),
                            Map.entry("roles", roles),
                            Map.entry("redis.url", "embedded"),
                            Map.entry("runner.slots", "1"),
                            Map.entry("runner.interactive_slots", "1"),
                            Map.entry("runner.drain_ms", "0"),
                            Map.entry("dependencies.folder", ""),
                            Map.entry("data_dir", data.path().toString())));
            return new PrivateNode(data, Node.start(config, () -> {}));
        } catch (IOException | RuntimeException e) {
            data.close();
            throw e;
        }
    }

    String url() {
        return node.url();
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            node.close();
            data.close();
        }
    }
}
