package dev.onpyrunner.http;

import dev.onpyrunner.http.Problem.Kind;
import dev.onpyrunner.job.Refusal;
import dev.onpyrunner.redis.RedisUnavailableException;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one place where what went wrong becomes an answer. */
final class Problems {
    private static final Logger LOG = LoggerFactory.getLogger(Problems.class);
    static final String REQUEST_ID = "X-Request-Id";

    private static final long MAX_RETRY_S = 7 * 86_400;

    private Problems() {}

    /** Answers every failure of the router, its own 404, 405, 406, 413 and 415 included. */
    static void mount(Router router) {
        router.route().failureHandler(ctx -> answer(ctx, of(ctx, ctx.statusCode())));
        router.route().handler(ctx -> {
            try {
                ctx.request().params();
                ctx.normalizedPath();
            } catch (IllegalArgumentException e) {
                throw new Problem.Thrown(Problem.of(Kind.BAD_REQUEST, "The address cannot be read."));
            }
            ctx.next();
        });
        for (int status : new int[] {400, 404, 405, 406, 413, 415, 500}) {
            router.errorHandler(status, ctx -> {
                if (status == 405) {
                    Set<String> allowed = allowed(router, ctx.normalizedPath());
                    ctx.response().putHeader(HttpHeaders.ALLOW, String.join(", ", allowed));
                }
                answer(ctx, of(ctx, status));
            });
        }
    }

    /** Names the answer, before anything can go wrong: with the client's id for the request, else with a new one. */
    static void name(HttpServerRequest request) {
        String id = request.getHeader(REQUEST_ID);
        boolean good = id != null && id.matches("[A-Za-z0-9._-]{1,64}");
        request.response()
                .putHeader(REQUEST_ID, good ? id : UUID.randomUUID().toString())
                .putHeader("X-Content-Type-Options", "nosniff");
    }

    /** Answers what is not even HTTP, and closes its connection: nobody knows where the next request begins. */
    static void answerInvalid(HttpServerRequest request) {
        name(request);
        Throwable cause = request.decoderResult().cause();
        Problem problem;
        if (cause instanceof TooLongHttpLineException) {
            problem = Problem.of(Kind.URI_TOO_LONG, "The address is longer than this server reads. Shorten it.");
        } else if (cause instanceof TooLongHttpHeaderException) {
            problem = Problem.of(Kind.HEADERS_TOO_LARGE, "The headers are larger than this server reads. Send fewer.");
        } else {
            problem = Problem.of(Kind.BAD_REQUEST, "This is not a request that HTTP/1.1 knows.");
        }
        // The address may be what could not be read.
        send(request.response().putHeader(HttpHeaders.CONNECTION, "close"), problem, "/")
                .onComplete(r -> request.connection().close());
    }

    private static Set<String> allowed(Router router, String normalized) {
        // The router takes a slash at the end for nothing.
        String path = normalized.length() > 1 && normalized.endsWith("/")
                ? normalized.substring(0, normalized.length() - 1)
                : normalized;
        Set<String> methods = new TreeSet<>();
        for (Route route : router.getRoutes()) {
            if (route.getPath() != null && route.methods() != null && matches(route, path)) {
                route.methods().stream().map(HttpMethod::name).forEach(methods::add);
            }
        }
        return methods;
    }

    private static boolean matches(Route route, String path) {
        String pattern = route.getPath().replaceAll(":[A-Za-z]+", "[^/]+");
        return Pattern.matches(route.isExactPath() ? pattern : pattern + ".*", path);
    }

    private static Problem of(RoutingContext ctx, int status) {
        Throwable cause = ctx.failure();
        Problem known = known(cause);
        if (known != null) {
            return known;
        }
        if (cause instanceof HttpException http && http.getPayload() != null) {
            return Problem.of(kind(http.getStatusCode()), http.getPayload());
        }
        if (cause != null
                && !ctx.response().closed()
                && (status == 500 || status < 0)
                && !(cause instanceof HttpException)) {
            LOG.error("request {} failed", ctx.response().headers().get(REQUEST_ID), cause);
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
                        "Send a job as application/json or multipart/form-data, or a single program as text/x-python.");
            case EXPECTATION_FAILED -> Problem.of(Kind.EXPECTATION_FAILED, "Send no Expect header, or 100-continue.");
            case TOO_LARGE -> Problem.of(Kind.TOO_LARGE, "The body is larger than this server takes.");
            case BAD_REQUEST -> Problem.of(Kind.BAD_REQUEST, "The request cannot be read.");
            case FORBIDDEN -> Problem.of(Kind.FORBIDDEN, "This is not allowed from here.");
            default -> Problem.of(Kind.INTERNAL, "The server made a mistake. Try again.");
        };
    }

    /** What a failure means to a client; null when it is a mistake of ours, or the router's own. */
    static Problem known(Throwable cause) {
        if (cause instanceof Problem.Thrown thrown) {
            return thrown.problem();
        }
        if (cause instanceof Refusal refusal) {
            return of(refusal);
        }
        return cause instanceof RedisUnavailableException ? away() : null;
    }

    private static Problem away() {
        return Problem.later(Kind.UNAVAILABLE, "The job store cannot be reached. Try again in a moment.", 2);
    }

    private static Kind kind(int status) {
        for (Kind kind : Kind.values()) {
            if (kind.status() == status) {
                return kind;
            }
        }
        return Kind.INTERNAL;
    }

    /** A failure as a client sees it where there is no answer to put it in. */
    static JsonObject json(Throwable cause, String instance) {
        Problem problem = known(cause);
        return (problem == null ? away() : problem).toJson(instance);
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
        if (refusal instanceof Refusal.NotTaken) {
            return Problem.of(Kind.CONFLICT, why);
        }
        if (refusal instanceof Refusal.TooLarge || refusal instanceof Refusal.TooMuchInput) {
            return Problem.of(Kind.TOO_LARGE, why);
        }
        boolean ofClient = refusal instanceof Refusal.TooManyJobs
                || refusal instanceof Refusal.TooManyQueued
                || refusal instanceof Refusal.TooManyBytes
                || refusal instanceof Refusal.TooManyPosts;
        int retryS = (int) Math.max(1, Math.min(MAX_RETRY_S, (refusal.retryAfterMs() + 999) / 1000));
        return Problem.later(ofClient ? Kind.TOO_MANY_REQUESTS : Kind.UNAVAILABLE, why, retryS);
    }

    /** Sends a problem, unless an answer has begun: then the connection is closed. */
    private static void answer(RoutingContext ctx, Problem problem) {
        HttpServerResponse response = ctx.response();
        if (response.ended() || response.closed()) {
            return;
        }
        if (response.headWritten()) {
            ctx.request().connection().close();
            return;
        }
        if (problem.kind() == Kind.UNSUPPORTED_MEDIA_TYPE) {
            response.putHeader(HttpHeaders.ACCEPT, JobRoutes.MEDIA_TYPES);
        }
        send(response, problem, ctx.request().path());
    }

    private static Future<Void> send(HttpServerResponse response, Problem problem, String instance) {
        if (problem.retryAfterS() > 0) {
            response.putHeader(HttpHeaders.RETRY_AFTER, String.valueOf(problem.retryAfterS()));
        }
        return response.setStatusCode(problem.kind().status())
                .putHeader(HttpHeaders.CONTENT_TYPE, "application/problem+json")
                .end(problem.toJson(instance).encode());
    }
}
