package dev.onpyrunner.http;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.handler.CorsHandler;
import java.util.Set;

/** Lets pages of the allowed origins use the REST interface and its streams from a browser (CORS, of the Fetch standard). */
final class Cors {
    private static final int PREFLIGHT_S = 600;

    private Cors() {}

    /** What a page of another origin asks before it sends a request comes without a key: this goes before the gate. */
    static void mount(Router router, HttpSettings settings) {
        Set<String> origins = Set.copyOf(settings.allowedOrigins());
        if (origins.isEmpty()) {
            return;
        }
        CorsHandler handler = CorsHandler.create()
                .addOrigins(settings.allowedOrigins())
                .allowedMethods(Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.POST, HttpMethod.DELETE))
                .allowedHeaders(Set.of(
                        "Authorization",
                        "Content-Type",
                        "Idempotency-Key",
                        "If-None-Match",
                        "Last-Event-ID",
                        "Prefer",
                        "traceparent",
                        "X-API-Key",
                        "X-Request-Id"))
                .exposedHeaders(Set.of(
                        "ETag",
                        "Idempotency-Replayed",
                        "Location",
                        "Preference-Applied",
                        "RateLimit",
                        "RateLimit-Policy",
                        "Retry-After",
                        "WWW-Authenticate",
                        "X-Request-Id"))
                .maxAgeSeconds(PREFLIGHT_S);
        // The handler would refuse all others, this server's own page among them.
        router.route().handler(ctx -> {
            String origin = ctx.request().getHeader(HttpHeaders.ORIGIN);
            if (origin != null
                    && origins.contains(origin)
                    && ctx.normalizedPath().startsWith("/v1/")) {
                handler.handle(ctx);
            } else {
                ctx.next();
            }
        });
    }
}
