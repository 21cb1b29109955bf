package dev.onpyrunner.http;

import dev.onpyrunner.job.JobStore;
import dev.onpyrunner.job.Refusal;
import dev.onpyrunner.job.Share;
import io.vertx.core.AsyncResult;
import io.vertx.ext.web.RoutingContext;

/** Tells a client what it may still post, as the IETF's draft "RateLimit header fields for HTTP" (version 9) has it. */
final class RateLimit {
    private static final String POLICY = "posts";

    private RateLimit() {}

    /** Puts the headers of an answer to a post, if posts are counted at all. Of several posts, what the last one left is told. */
    static void tell(RoutingContext ctx, AsyncResult<JobStore.Accepted> accepted) {
        Share.Posts posts = null;
        if (accepted.succeeded()) {
            posts = accepted.result().posts();
        } else if (accepted.cause() instanceof Refusal.TooManyPosts refusal) {
            posts = refusal.posts();
        }
        if (posts == null || ctx.response().headWritten()) {
            return;
        }
        ctx.response()
                .putHeader("RateLimit-Policy", "\"" + POLICY + "\";q=" + posts.most() + ";w=" + posts.windowS())
                .putHeader("RateLimit", "\"" + POLICY + "\";r=" + posts.left() + ";t=" + posts.nextS());
    }
}
