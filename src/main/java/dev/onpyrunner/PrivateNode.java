package dev.onpyrunner;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.stream.Stream;

/** A node for one command: on any free port, with a data folder that goes with it. */
final class PrivateNode implements AutoCloseable {
    private final Path data;
    private final Node node;
    private boolean closed;

    private PrivateNode(Path data, Node node) {
        this.data = data;
        this.node = node;
    }

    static PrivateNode start() throws IOException {
        Path data = Files.createTempDirectory("onpyrunner-data-");
        try {
            NodeConfig config = NodeConfig.load(
                    null,
                    System.getenv(),
                    Map.of(
                            "http.host", "127.0.0.1",
                            "http.port", "0",
                            "roles", "http,runner",
                            "redis.url", "embedded",
                            "runner.slots", "1",
                            "runner.drain_ms", "0",
                            "data_dir", data.toString()));
            return new PrivateNode(data, Node.start(config, () -> {}));
        } catch (IOException | RuntimeException e) {
            delete(data);
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
            delete(data);
        }
    }

    private static void delete(Path tree) {
        try (Stream<Path> files = Files.walk(tree)) {
            files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
