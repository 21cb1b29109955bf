package dev.onpyrunner;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import picocli.CommandLine.Option;

/** The options by which a command finds the node that it talks to. */
final class NodeAddress {
    @Option(names = "--url", paramLabel = "URL", description = "The node to use, such as http://127.0.0.1:8080.")
    private String url;

    @Option(
            names = "--ca",
            paramLabel = "FILE",
            description = "For https: the authority that signed the node's certificate, in PEM.")
    private Path ca;

    /** A client of the node that was named, or else of one that runs from this machine's data folder. */
    Optional<JobClient> find() throws IOException, InterruptedException {
        SSLContext trust = ca == null ? null : PemFiles.trust("--ca", ca.toString());
        if (url != null) {
            return Optional.of(new JobClient(url, trust));
        }
        Optional<JobClient> running = DataFolder.findNode(dataFolder()).map(found -> new JobClient(found, trust));
        return running.isPresent() && running.get().isAlive() ? running : Optional.empty();
    }

    static Path dataFolder() {
        return NodeConfig.load(null, System.getenv(), Map.of()).dataDir();
    }
}
