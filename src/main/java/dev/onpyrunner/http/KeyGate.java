package dev.onpyrunner.http;

import dev.onpyrunner.http.Problem.Kind;
import dev.onpyrunner.job.ApiKey;
import dev.onpyrunner.job.ApiKeys;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Who may come in: who shows a good API key, and without one who asks for what is open to all, or everybody where the settings
 * say so. All keys are read together, at most once a second, so that wrong ones cost Redis nothing.
 */
final class KeyGate {
    private static final String BEARER = "Bearer ";
    private static final String KEY = KeyGate.class.getName();

    /** What needs no key: a node's health, the page and its texts, and what asks for the operator's token by itself. */
    private static final Set<String> OPEN = Set.of(
            "/",
            "/healthz",
            "/readyz",
            "/metrics",
            "/v1/nodes",
            "/v1/dead",
            "/openapi.yaml",
            "/docs",
            "/favicon.svg",
            "/third-party.txt");

    private static final Set<String> OPEN_BELOW = Set.of("/assets/", "/problems/");

    private final boolean anonymous;
    private final Recent<Map<String, ApiKey>> keys;

    KeyGate(HttpSettings settings, ApiKeys keys) {
        this.anonymous = settings.anonymous();
        this.keys = new Recent<>(
                () -> keys.all().map(all -> all.stream().collect(Collectors.toMap(ApiKey::id, Function.identity()))),
                System::nanoTime);
    }

    void mount(Router router) {
        router.route().handler(this::check);
    }

    /** The key that the request came in with; null for none. */
    static ApiKey of(RoutingContext ctx) {
        return ctx.get(KEY);
    }

    private void check(RoutingContext ctx) {
        if (isOpen(ctx.normalizedPath())) {
            ctx.next();
            return;
        }
        String text = shown(ctx);
        if (text == null) {
            if (!anonymous) {
                throw refused(ctx, "This server wants an API key: send \"Authorization: Bearer onpy_…\".");
            }
            ctx.next();
            return;
        }
        ApiKey.Shown shown = ApiKey.Shown.parse(text).orElseThrow(() -> refused(ctx, "This is not an API key."));
        Future<Map<String, ApiKey>> known = keys.get();
        if (known.succeeded()) {
            enter(ctx, known.result(), shown);
            return;
        }
        ctx.request().pause();
        known.onComplete(r -> {
            ctx.request().resume();
            if (r.failed()) {
                ctx.fail(r.cause());
                return;
            }
            try {
                enter(ctx, r.result(), shown);
            } catch (Problem.Thrown e) {
                ctx.fail(e);
            }
        });
    }

    private static void enter(RoutingContext ctx, Map<String, ApiKey> keys, ApiKey.Shown shown) {
        ApiKey key = keys.get(shown.id());
        if (key == null || !key.admits(shown, System.currentTimeMillis())) {
            throw refused(ctx, "There is no such API key, or its time is over. Ask the server's operator for one.");
        }
        ctx.put(KEY, key);
        ctx.next();
    }

    private static boolean isOpen(String path) {
        return OPEN.contains(path) || OPEN_BELOW.stream().anyMatch(path::startsWith);
    }

    /** What is shown as a key; null for nothing. Other credentials may be for a proxy, and say nothing here. */
    private static String shown(RoutingContext ctx) {
        String header = ctx.request().getHeader(HttpHeaders.AUTHORIZATION);
        if (header != null && header.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            String token = header.substring(BEARER.length()).trim();
            if (token.startsWith(ApiKey.PREFIX)) {
                return token;
            }
        }
        return ctx.request().getHeader("X-API-Key");
    }

    private static Problem.Thrown refused(RoutingContext ctx, String detail) {
        ctx.response().putHeader("WWW-Authenticate", "Bearer");
        return new Problem.Thrown(Problem.of(Kind.UNAUTHORIZED, detail));
    }
}
