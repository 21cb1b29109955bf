package dev.onpyrunner.http;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * An error as a client sees it: {@code application/problem+json} (RFC 9457).
 *
 * @param detail one plain sentence that says what to do
 * @param errors what is wrong with single fields; empty for most problems
 * @param retryAfterS when to try again, in seconds; 0 when that would not help
 */
record Problem(Kind kind, String detail, List<FieldError> errors, int retryAfterS) {

    /** One wrong field: a JSON pointer (RFC 6901) and a sentence. */
    record FieldError(String pointer, String detail) {}

    /** The kinds of problems, each with a page at {@code /problems/<slug>}. */
    enum Kind {
        BAD_REQUEST(
                400,
                "Bad request",
                "The request cannot be read: its body is not JSON, or a header or parameter"
                        + " has a value that makes no sense. The detail says which."),
        UNAUTHORIZED(
                401,
                "Not authorized",
                "This needs an API key, or the operator's token, in the Authorization header. What was sent is missing, unknown or"
                        + " too old."),
        FORBIDDEN(
                403,
                "Not allowed",
                "The live console was opened from a page of another origin, a page wants to run a job's file, the"
                        + " address is for the server's operator, who has set no token, or a server for one machine alone"
                        + " was asked under another name."),
        NOT_FOUND(
                404,
                "Not found",
                "There is no such page, there has never been a job with this id, or the job hands back no such file."),
        METHOD_NOT_ALLOWED(
                405,
                "Method not allowed",
                "This address does not know this method. The Allow header says" + " which it knows."),
        NOT_ACCEPTABLE(
                406, "Not acceptable", "The Accept header asks for a media type that this address cannot" + " give."),
        CONFLICT(
                409,
                "Conflict",
                "The job cannot be sent this: it has ended, does not run yet, or has its whole input. The detail says which."),
        GONE(
                410,
                "Gone",
                "The job existed, but its result was only kept for the time that was agreed. Run the program"
                        + " again."),
        TOO_LARGE(
                413,
                "Too large",
                "The body, the program, its input or the number of its parts is over the server's"
                        + " cap. The detail says which, and how much is allowed."),
        URI_TOO_LONG(414, "Address too long", "The address of the request is longer than the server reads."),
        UNSUPPORTED_MEDIA_TYPE(
                415,
                "Unsupported media type",
                "Send a job as application/json or multipart/form-data, or a single program as text/x-python."),
        EXPECTATION_FAILED(417, "Expectation failed", "The only Expect header that this server knows is 100-continue."),
        INVALID_JOB(
                422,
                "Invalid job",
                "The request could be read, but some of its fields are wrong. Each one is"
                        + " listed in errors, with a JSON pointer to it. Nothing was queued."),
        IDEMPOTENCY_KEY_REUSED(
                422,
                "Idempotency-Key reused",
                "This Idempotency-Key was used before for another" + " request. Use a new key for each new request."),
        TOO_MANY_REQUESTS(
                429,
                "Too many requests",
                "One client may only have so many jobs that have not ended, so many bytes stored, and may post so many"
                        + " jobs a second. The detail says which; Retry-After says when to try again."),
        HEADERS_TOO_LARGE(431, "Headers too large", "The headers of the request are larger than the server reads."),
        INTERNAL(
                500,
                "Internal error",
                "The server made a mistake. It is not your fault; tell its operator the" + " X-Request-Id."),
        UNAVAILABLE(
                503,
                "Unavailable",
                "The server cannot take jobs now: its queue or its store is full, or it is"
                        + " stopping. Retry-After says when to try again.");

        private final int status;
        private final String title;
        private final String explanation;

        Kind(int status, String title, String explanation) {
            this.status = status;
            this.title = title;
            this.explanation = explanation;
        }

        int status() {
            return status;
        }

        String title() {
            return title;
        }

        String explanation() {
            return explanation;
        }

        String slug() {
            return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
        }
    }

    static Problem of(Kind kind, String detail) {
        return new Problem(kind, detail, List.of(), 0);
    }

    /** Refuses what comes before the node is ready, or after it began to stop. */
    static void refuseUnless(BooleanSupplier ready) {
        if (!ready.getAsBoolean()) {
            throw new Thrown(later(Kind.UNAVAILABLE, "The node is starting or stopping.", 2));
        }
    }

    static Problem later(Kind kind, String detail, int retryAfterS) {
        return new Problem(kind, detail, List.of(), retryAfterS);
    }

    JsonObject toJson(String instance) {
        JsonObject json = new JsonObject()
                .put("type", "/problems/" + kind.slug())
                .put("title", kind.title())
                .put("status", kind.status())
                .put("detail", detail)
                .put("instance", instance);
        if (!errors.isEmpty()) {
            JsonArray list = new JsonArray();
            errors.forEach(
                    e -> list.add(new JsonObject().put("pointer", e.pointer()).put("detail", e.detail())));
            json.put("errors", list);
        }
        return json;
    }

    /** Carries a problem to the place where answers are made. */
    static final class Thrown extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final transient Problem problem;

        Thrown(Problem problem) {
            super(problem.detail(), null, false, false);
            this.problem = problem;
        }

        Problem problem() {
            return problem;
        }
    }
}
