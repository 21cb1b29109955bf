package dev.onpyrunner.http;

import dev.onpyrunner.http.Problem.Kind;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.MimeMapping;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** What a browser gets: the console's page, the contract, and one page for each kind of problem. */
final class PageRoutes {
    private static final String PAGE_POLICY =
            "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
                    + " connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    private PageRoutes() {}

    static void mount(Router router) {
        router.get("/openapi.yaml").method(HttpMethod.HEAD).handler(ctx -> {
            ctx.response().putHeader(HttpHeaders.CONTENT_TYPE, "application/yaml");
            ctx.response().sendFile("api/openapi.yaml").onFailure(ctx::fail);
        });
        router.get("/problems/:slug").method(HttpMethod.HEAD).handler(PageRoutes::problem);
        for (String path : new String[] {"/", "/app.js", "/theme.js", "/app.css", "/favicon.svg", "/third-party.txt"}) {
            String file = path.equals("/") ? "/index.html" : path;
            router.get(path).method(HttpMethod.HEAD).handler(ctx -> {
                ctx.response()
                        .putHeader(HttpHeaders.CONTENT_TYPE, MimeMapping.mimeTypeForFilename(file) + "; charset=utf-8")
                        .putHeader("Content-Security-Policy", PAGE_POLICY)
                        .putHeader("Referrer-Policy", "no-referrer")
                        .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache")
                        .sendFile("web" + file)
                        .onFailure(ctx::fail);
            });
        }
    }

    private static void problem(RoutingContext ctx) {
        Optional<Kind> kind = Stream.of(Kind.values())
                .filter(k -> k.slug().equals(ctx.pathParam("slug").toLowerCase(Locale.ROOT)))
                .findFirst();
        if (kind.isEmpty()) {
            ctx.fail(404);
            return;
        }
        Kind k = kind.get();
        ctx.response()
                .putHeader(HttpHeaders.CONTENT_TYPE, "text/html; charset=utf-8")
                .putHeader("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
                .end("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>" + k.title()
                        + "</title><style>body{font:1rem/1.5 system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem}"
                        + "</style><h1>" + k.title() + "</h1><p>Status " + k.status() + ", <code>" + k.slug()
                        + "</code></p><p>" + k.explanation() + "</p></html>");
    }
}
