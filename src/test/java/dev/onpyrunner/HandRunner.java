package dev.onpyrunner;

import dev.onpyrunner.job.Claim;
import dev.onpyrunner.job.CollectedFile;
import dev.onpyrunner.job.JobBus;
import dev.onpyrunner.job.JobStatus;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.Outcome;
import dev.onpyrunner.job.Result;
import dev.onpyrunner.job.Usage;
import dev.onpyrunner.redis.RedisLink;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A runner's part, done by hand: it runs nothing, and ends a job with what the test says. For nodes without one. */
public final class HandRunner implements AutoCloseable {
    private final TestNode node;
    private final RedisLink link;
    private final JobStore store;

    public HandRunner(TestNode node) {
        this.node = node;
        this.link = Await.get(RedisLink.open(node.node().vertx(), node.node().redis(), "test"));
        this.store = new JobStore(
                link, NodeConfig.load(null, System.getenv(), Map.of()).queue());
    }

    /** A job that hands back these files, from its post to its end; its id. */
    public String run(Map<String, Buffer> files) throws IOException, InterruptedException {
        String id = node.submit(Map.of("source", "", "collect", List.of("**")));
        end(claim(), files);
        return id;
    }

    /** Takes the next job; waits for it. */
    public Claim claim() throws IOException {
        String runtime = Runtimes.find(
                        NodeConfig.load(null, System.getenv(), Map.of()).runner())
                .machine();
        return Await.value(
                        "a job to run", () -> Await.get(store.claim(0, List.of(runtime), "test")), Optional::isPresent)
                .orElseThrow();
    }

    /** Ends a job well, with these files. */
    public void end(Claim claim, Map<String, Buffer> files) {
        List<CollectedFile> named = new ArrayList<>();
        files.forEach((path, content) -> {
            Await.get(store.storeFile(claim, path, content));
            named.add(CollectedFile.of(path, content.length()));
        });
        Result result = new Result(Outcome.OK, 0, null, "Finished.", List.of(), new Usage(1, 1, 1, 1), null);
        end(claim, result.withFiles(named));
    }

    /** Ends a job in this way. */
    public void end(Claim claim, Result result) {
        Await.get(store.finish(claim, List.of(), 2, JobStatus.DONE, result));
        JobBus bus = new JobBus(node.node().vertx());
        bus.ended(claim.id(), JobStatus.DONE, claim.acceptedBy());
        bus.nudge(claim.id());
    }

    @Override
    public void close() {
        Await.get(link.close());
    }
}
