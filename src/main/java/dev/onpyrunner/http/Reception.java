package dev.onpyrunner.http;

import dev.onpyrunner.job.Idempotency;
import dev.onpyrunner.job.JobSpec;
import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.Owner;
import dev.onpyrunner.job.Share;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Takes jobs in, in whatever form a request brings them: whose they are, what of the queue their owner may have, what is left of it. */
final class Reception {
    private final HttpSettings settings;
    private final JobStore store;
    private final BooleanSupplier ready;
    private final String address;

    /** {@code address}: of the bus, to be told of the jobs' ends. */
    Reception(HttpSettings settings, JobStore store, BooleanSupplier ready, String address) {
        this.settings = settings;
        this.store = store;
        this.ready = ready;
        this.address = address;
    }

    /** What the request's jobs are to be read by: the settings as they are for its client. Refuses it when the node is not ready. */
    HttpSettings open(RoutingContext ctx) {
        Problem.refuseUnless(ready);
        return settings.of(KeyGate.of(ctx));
    }

    /**
     * Stores one job of the request.
     *
     * @param key makes a repeat of it safe
     * @return fails as {@link JobStore#accept}
     */
    Future<JobStore.Accepted> accept(RoutingContext ctx, JobSpec spec, Optional<String> key) {
        Owner owner = Client.of(ctx, settings.trustedProxies());
        Share share =
                settings.of(KeyGate.of(ctx)).allowance().share(store.settings().share());
        Optional<Idempotency> idempotency = key.map(k -> Idempotency.of(owner, k, spec));
        return store.accept(owner, share, spec, idempotency, address, Client.trace(ctx))
                .onSuccess(a -> Audit.job(ctx, a.id()))
                .onComplete(r -> RateLimit.tell(ctx, r));
    }
}
