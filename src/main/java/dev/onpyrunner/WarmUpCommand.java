package dev.onpyrunner;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code warm-up}: one run with a node of its own, so that a class-data archive can be made of what it loads. */
@Command(name = "warm-up", hidden = true, description = "Load what a node loads, then end.")
final class WarmUpCommand implements Callable<Integer> {
    @Option(names = "--role", description = "http where no jail can be made.")
    private String roles = "http,runner";

    @Override
    public Integer call() throws Exception {
        System.setProperty("ONPY_LOG_LEVEL", "ERROR");
        CommandLine.populateCommand(new ServeCommand()); // its classes, too
        try (PrivateNode node = PrivateNode.start(roles)) {
            JobClient client = new JobClient(node.url());
            String id = client.submit("{\"source\":\"print(1)\"}");
            if (!roles.contains("runner")) {
                client.get(id);
                return 0;
            }
            client.follow(id, new JobClient.Viewer() {
                @Override
                public void output(boolean stderr, String text) {}

                @Override
                public void restarted() {}
            });
            return 0;
        }
    }
}
