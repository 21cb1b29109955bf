package dev.onpyrunner;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code stop}: ends a node that runs on this machine. */
@Command(
        name = "stop",
        description =
                "Ask the node that runs from a data folder to let its jobs end, and to end itself; wait for that.",
        footer = {"", "Exit code: 0 when it has ended, 1 when no node runs there, 2 when it did not end in time."})
final class StopCommand implements Callable<Integer> {
    private static final int NOT_THERE = 1;
    private static final int TOO_LATE = 2;

    @Option(names = "--data", paramLabel = "DIR", description = "The node's data folder (default: as in the settings).")
    private Path data;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            description = "How long to wait for its end (default: ${DEFAULT-VALUE}). It goes on ending after that.")
    private long timeoutS = 60;

    @Override
    public Integer call() throws IOException, InterruptedException {
        System.setProperty("ONPY_LOG_LEVEL", "ERROR"); // before the first logger is made
        Path folder = data != null
                ? data
                : NodeConfig.load(null, System.getenv(), Map.of()).dataDir();
        Optional<ProcessHandle> node = DataFolder.holder(folder);
        if (node.isEmpty()) {
            System.err.println("onpyrunner: no node runs from the data folder " + folder + ".");
            return NOT_THERE;
        }
        if (!node.get().destroy()) {
            throw new IOException("The node, process " + node.get().pid() + ", may not be stopped by this user.");
        }
        System.err.println("onpyrunner: node " + node.get().pid() + " lets its jobs end …");
        try {
            node.get().onExit().get(timeoutS, TimeUnit.SECONDS);
            System.err.println("onpyrunner: it has ended.");
            return 0;
        } catch (TimeoutException e) {
            System.err.println("onpyrunner: it has not ended within " + timeoutS + " s, and goes on with that.");
            return TOO_LATE;
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        }
    }
}
