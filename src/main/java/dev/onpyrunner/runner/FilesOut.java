package dev.onpyrunner.runner;

import dev.onpyrunner.job.Claim;
import dev.onpyrunner.job.CollectedFile;
import dev.onpyrunner.job.Globs;
import dev.onpyrunner.job.JobFile;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.NotHolderException;
import dev.onpyrunner.redis.RedisUnavailableException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the files that a job asked for out of its jail and into the store.
 *
 * <p>Nothing of them is trusted: pid 1 reads them inside the jail, when no process of the program is left, and opens
 * regular files only, never through a link; here their names, their number and their size are bounded, and the time.
 */
final class FilesOut {
    private static final Logger LOG = LoggerFactory.getLogger(FilesOut.class);
    private static final int MAX_FILES = 256;
    private static final long TIME_MS = 5_000;
    private static final long MATCH_MS = 1_000;
    private static final long RETRY_MS = 200;

    private final Vertx vertx;
    private final JobStore store;
    private final Claim claim;
    private final Globs alsoCollected;
    private final Sandbox.Jail jail;
    private final List<CollectedFile> files = new ArrayList<>();
    private long total;
    private final BooleanSupplier lost;
    private int leftOut;
    private boolean late;
    private long timer = -1;

    /**
     * Makes one.
     *
     * @param alsoCollected files that are handed back beside those that the job asks for
     * @param lost whether the job has been given up here
     */
    FilesOut(Vertx vertx, JobStore store, Claim claim, Globs alsoCollected, Sandbox.Jail jail, BooleanSupplier lost) {
        this.vertx = vertx;
        this.store = store;
        this.claim = claim;
        this.alsoCollected = alsoCollected;
        this.jail = jail;
        this.lost = lost;
    }

    /** What was taken: files that are stored now, and how many more the job asked for in vain. */
    record Taken(List<CollectedFile> files, int leftOut) {}

    /** Takes them. Fails only with {@link NotHolderException}. */
    Future<Taken> take() {
        limit();
        return jail.files()
                .timeout(TIME_MS, TimeUnit.MILLISECONDS)
                .compose(listing -> {
                    leftOut = listing.omitted();
                    // The patterns are the client's and the names the program's: together they may take long.
                    return vertx.executeBlocking(() -> matching(listing.files()), false);
                })
                .compose(matching -> next(matching, 0))
                .recover(e -> {
                    if (e instanceof NotHolderException) {
                        return Future.failedFuture(e);
                    }
                    LOG.warn(
                            "job {}: its files cannot be listed: {}", claim.id().brief(), e.getMessage());
                    leftOut++;
                    return Future.succeededFuture();
                })
                .onComplete(r -> vertx.cancelTimer(timer))
                .map(v -> new Taken(List.copyOf(files), leftOut));
    }

    private List<Sandbox.Left> matching(List<Sandbox.Left> all) {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(MATCH_MS);
        Globs wanted = Globs.of(claim.spec().collect());
        List<Sandbox.Left> matching = new ArrayList<>();
        for (Sandbox.Left file : all) {
            if (System.nanoTime() > until) {
                leftOut++;
            } else if (JobFile.pathProblem(file.path()) == null
                    && (wanted.matches(file.path()) || alsoCollected.matches(file.path()))) {
                matching.add(file);
            }
        }
        matching.sort(Comparator.comparing(Sandbox.Left::path));
        return matching;
    }

    private Future<Void> next(List<Sandbox.Left> matching, int from) {
        int index = from;
        while (index < matching.size() && !isWelcome(matching.get(index))) {
            leftOut++;
            index++;
        }
        if (index == matching.size()) {
            return Future.succeededFuture();
        }
        Sandbox.Left file = matching.get(index);
        int following = index + 1;
        return jail.file(file.path(), file.size())
                .timeout(TIME_MS, TimeUnit.MILLISECONDS)
                .compose(content -> store(file.path(), content).onSuccess(v -> {
                    total += content.length();
                    files.add(CollectedFile.of(file.path(), content.length()));
                }))
                .recover(e -> {
                    if (e instanceof NotHolderException) {
                        return Future.failedFuture(e);
                    }
                    LOG.warn("job {}: a file is left out: {}", claim.id().brief(), e.getMessage());
                    leftOut++;
                    late = late || e instanceof Sandbox.SandboxException; // the jail answers no more
                    return Future.succeededFuture();
                })
                .compose(v -> next(matching, following));
    }

    /** While Redis is away it waits, as output and result do, for as long as the job is ours. */
    private Future<Void> store(String path, Buffer content) {
        return store.storeFile(claim, path, content).recover(e -> {
            if (!(e instanceof RedisUnavailableException)) {
                return Future.failedFuture(e);
            }
            if (lost.getAsBoolean()) {
                return Future.failedFuture(new NotHolderException(claim.id()));
            }
            limit(); // this time is not the jail's
            return vertx.timer(RETRY_MS, TimeUnit.MILLISECONDS).compose(t -> store(path, content));
        });
    }

    /** Gives the jail its time, from now on. */
    private void limit() {
        vertx.cancelTimer(timer);
        timer = vertx.setTimer(TIME_MS, t -> late = true);
    }

    private boolean isWelcome(Sandbox.Left file) {
        return !late
                && files.size() < MAX_FILES
                && file.size() <= Math.min(CollectedFile.MAX_TOTAL_BYTES, claim.room()) - total;
    }
}
