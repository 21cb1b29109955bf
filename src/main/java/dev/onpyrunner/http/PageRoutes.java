package dev.onpyrunner.http;

import dev.onpyrunner.http.Problem.Kind;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What a browser gets: the console's page, the contract, and one page for each kind of problem. */
final class PageRoutes {
    private static final Pattern ASSET = Pattern.compile("assets/[a-z]+-[A-Z0-9]+\\.(js|css)");

    private PageRoutes() {}

    static void mount(Router router) {
        router.get("/openapi.yaml").method(HttpMethod.HEAD).handler(ctx -> {
            ctx.response().putHeader(HttpHeaders.CONTENT_TYPE, "application/yaml");
            ctx.response().sendFile("api/openapi.yaml").onFailure(ctx::fail);
        });
        router.get("/problems/:slug").method(HttpMethod.HEAD).handler(PageRoutes::problem);
        router.get("/").method(HttpMethod.HEAD).handler(new PageFile("index.html", true));
        router.get("/docs").method(HttpMethod.HEAD).handler(new PageFile("docs.html", true));
        router.get("/admin").method(HttpMethod.HEAD).handler(new PageFile("admin.html", true));
        for (String name : List.of("favicon.svg", "third-party.txt")) {
            router.get("/" + name).method(HttpMethod.HEAD).handler(new PageFile(name, false));
        }
        router.get("/assets/:name").method(HttpMethod.HEAD).handler(PageRoutes::asset);
    }

    /** Scripts and styles: their names have a hash of what is in them, so they never change. */
    private static void asset(RoutingContext ctx) {
        String file = "assets/" + ctx.pathParam("name");
        if (!ASSET.matcher(file).matches() || !PageFile.exists(file)) {
            ctx.fail(404);
            return;
        }
        ctx.response().putHeader(HttpHeaders.CACHE_CONTROL, "public, max-age=31536000, immutable");
        PageFile.send(ctx, file, true);
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
