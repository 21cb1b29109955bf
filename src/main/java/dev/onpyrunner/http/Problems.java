package dev.onpyrunner.http;

import dev.onpyrunner.http.Problem.Kind;
import dev.onpyrunner.job.Refusal;
import dev.onpyrunner.redis.RedisUnavailableException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one place where what went wrong becomes an answer. */
final class Problems {
    private static final Logger LOG = LoggerFactory.getLogger(Problems.class);

    private Problems() {}

    /** Answers every failure of the router, its own 404, 405, 406, 413 and 415 included. */
    static void mount(Router router) {
        router.route().failureHandler(ctx -> answer(ctx, of(ctx.failure(), ctx.statusCode())));
        for (int status : new int[] {400, 404, 405, 406, 413, 415, 500}) {
            router.errorHandler(status, ctx -> {
                if (status == 405) {
                    Set<String> allowed = allowed(router, ctx.normalizedPath());
                    ctx.response().putHeader(HttpHeaders.ALLOW, String.join(", ", allowed));
                }
                answer(ctx, of(ctx.failure(), status));
            });
        }
    }

    private static Set<String> allowed(Router router, String path) {
        Set<String> methods = new TreeSet<>();
        for (Route route : router.getRoutes()) {
            if (route.getPath() != null && route.methods() != null && matches(route.getPath(), path)) {
                route.methods().stream().map(HttpMethod::name).forEach(methods::add);
            }
        }
        return methods;
    }

    private static boolean matches(String pattern, String path) {
        return Pattern.matches(pattern.replaceAll(":[A-Za-z]+", "[^/]+"), path);
    }

    private static Problem of(Throwable cause, int status) {
        if (cause instanceof Problem.Thrown thrown) {
            return thrown.problem();
        }
        if (cause instanceof Refusal refusal) {
            return of(refusal);
        }
        if (cause instanceof RedisUnavailableException) {
            return Problem.later(Kind.UNAVAILABLE, "The job store cannot be reached. Try again in a moment.", 2);
        }
        if (cause instanceof HttpException http && http.getPayload() != null) {
            return Problem.of(kind(http.getStatusCode()), http.getPayload());
        }
        if (cause != null && (status == 500 || status < 0) && !(cause instanceof HttpException)) {
            LOG.error("a request failed", cause);
        }
        int code = cause instanceof HttpException http ? http.getStatusCode() : status;
        return switch (kind(code)) {
            case NOT_FOUND -> Problem.of(Kind.NOT_FOUND, "There is nothing at this address.");
            case METHOD_NOT_ALLOWED ->
                Problem.of(
                        Kind.METHOD_NOT_ALLOWED,
                        "This address does not know this method. The Allow header says which.");
            case NOT_ACCEPTABLE ->
                Problem.of(
                        Kind.NOT_ACCEPTABLE,
                        "This address cannot give the media type that the Accept header asks for.");
            case UNSUPPORTED_MEDIA_TYPE ->
                Problem.of(
                        Kind.UNSUPPORTED_MEDIA_TYPE,
                        "Send a job as application/json, or a single program as text/x-python.");
            case TOO_LARGE -> Problem.of(Kind.TOO_LARGE, "The body is larger than this server takes.");
            case BAD_REQUEST -> Problem.of(Kind.BAD_REQUEST, "The request cannot be read.");
            case FORBIDDEN -> Problem.of(Kind.FORBIDDEN, "This is not allowed from here.");
            default -> Problem.of(Kind.INTERNAL, "The server made a mistake. Try again.");
        };
    }

    private static Kind kind(int status) {
        for (Kind kind : Kind.values()) {
            if (kind.status() == status) {
                return kind;
            }
        }
        return Kind.INTERNAL;
    }

    private static Problem of(Refusal refusal) {
        String why = refusal.getMessage();
        if (refusal instanceof Refusal.NoSuchJob) {
            return Problem.of(Kind.NOT_FOUND, why);
        }
        if (refusal instanceof Refusal.JobGone) {
            return Problem.of(Kind.GONE, why);
        }
        if (refusal instanceof Refusal.KeyReused) {
            return Problem.of(Kind.IDEMPOTENCY_KEY_REUSED, why);
        }
        if (refusal instanceof Refusal.TooManyJobs) {
            return Problem.later(Kind.TOO_MANY_REQUESTS, why, 5);
        }
        return Problem.later(Kind.UNAVAILABLE, why, 5);
    }

    /** Sends a problem, unless an answer has begun: then the connection is closed. */
    private static void answer(RoutingContext ctx, Problem problem) {
        HttpServerResponse response = ctx.response();
        if (response.ended()) {
            return;
        }
        if (response.headWritten()) {
            ctx.request().connection().close();
            return;
        }
        if (problem.retryAfterS() > 0) {
            response.putHeader(HttpHeaders.RETRY_AFTER, String.valueOf(problem.retryAfterS()));
        }
        response.setStatusCode(problem.kind().status())
                .putHeader(HttpHeaders.CONTENT_TYPE, "application/problem+json")
                .end(problem.toJson(ctx.request().path()).encode());
    }
}
