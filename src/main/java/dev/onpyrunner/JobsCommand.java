package dev.onpyrunner;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code jobs}: looks at a job. */
@Command(
        name = "jobs",
        description = "Look at a job: its state on the standard error, its output so far on the standard output.",
        footer = {
            "",
            "The job's id is what the page, the API and the log call it. Exit code: that of",
            "`run` when the job has ended; 3 while it has not; 2 when it cannot be looked at."
        })
final class JobsCommand implements Callable<Integer> {
    private static final int NOT_ENDED = 3;

    @Parameters(paramLabel = "ID", description = "The job's id.")
    private String id;

    @Mixin
    private NodeAddress node;

    @Option(names = "--wait", description = "Wait until it has ended.")
    private boolean wait;

    @Option(names = "--cancel", description = "Cancel it.")
    private boolean cancel;

    @ArgGroup
    private Form form = new Form();

    /** What is printed. */
    static final class Form {
        @Option(names = "--json", description = "Print the job as JSON.")
        private boolean json;

        @Option(names = "--events", description = "Print its events, one as JSON on each line, until it ends.")
        private boolean events;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        System.setProperty("ONPY_LOG_LEVEL", "ERROR"); // before the first logger is made
        JobClient client = node.find()
                .orElseThrow(() -> new IOException(
                        "No node runs from the data folder " + NodeAddress.dataFolder() + ". Name one with --url."));
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(new FileOutputStream(FileDescriptor.err), false, StandardCharsets.UTF_8);
        client.get(id); // so that a wrong id is told as such
        if (cancel) {
            client.cancel(id);
        }
        if (form.events) {
            JsonNode ended = client.events(id, event -> {
                out.println(event);
                out.flush();
            });
            return ExitCode.of(ended);
        }
        if (wait) {
            client.events(id, event -> {});
        }
        JsonNode job = client.get(id);
        if (form.json) {
            out.println(job.toPrettyString());
        } else {
            String outcome =
                    job.path("outcome").isTextual() ? " " + job.path("outcome").asText() : "";
            err.println(id + ": " + job.path("status").asText() + outcome + ": "
                    + job.path("message").asText());
            err.flush();
            out.print(job.path("stdout").asText());
            err.print(job.path("stderr").asText());
        }
        out.flush();
        err.flush();
        return job.path("finished_at").isNull() ? NOT_ENDED : ExitCode.of(job);
    }
}
