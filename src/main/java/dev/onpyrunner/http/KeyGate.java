package dev.onpyrunner.http;

import dev.onpyrunner.http.Problem.Kind;
import dev.onpyrunner.job.ApiKey;
import dev.onpyrunner.job.ApiKeys;
import dev.onpyrunner.job.Tickets;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Who may come in: who shows a good API key, or a ticket for one, and without them who asks for what is open to all, or everybody where the settings
 * say so. All keys are read together, at most once a second, so that wrong ones cost Redis nothing.
 */
final class KeyGate {
    private static final String BEARER = "Bearer ";
    private static final String KEY = KeyGate.class.getName();
    private static final String TICKET = KEY + ".ticket";

    /** What needs no key: a node's health, the page and its texts, and what asks for the operator's token by itself. */
    private static final Set<String> OPEN = Set.of(
            "/",
            "/healthz",
            "/readyz",
            "/metrics",
            "/v1/nodes",
            "/v1/running",
            "/v1/dead",
            "/openapi.yaml",
            "/docs",
            "/admin",
            "/favicon.svg",
            "/third-party.txt");

    private static final Set<String> OPEN_BELOW = Set.of("/assets/", "/problems/", "/v1/nodes/");

    private final boolean anonymous;
    private final Set<String> origins;
    private final Tickets tickets;
    private final Operator operator;
    private final Recent<Map<String, ApiKey>> keys;

    KeyGate(HttpSettings settings, ApiKeys keys, Tickets tickets, Operator operator) {
        this.anonymous = settings.anonymous();
        this.origins = Set.copyOf(settings.allowedOrigins());
        this.tickets = tickets;
        this.operator = operator;
        this.keys = new Recent<>(
                () -> keys.all().map(all -> all.stream().collect(Collectors.toMap(ApiKey::id, Function.identity()))),
                System::nanoTime);
    }

    void mount(Router router) {
        router.route().handler(this::check);
    }

    /** The key that the request came in with, or its ticket stands for; null for none. */
    static ApiKey of(RoutingContext ctx) {
        return ctx.get(KEY);
    }

    /** The ticket that the request came in with; null for none. */
    static Tickets.Ticket ticketOf(RoutingContext ctx) {
        return ctx.get(TICKET);
    }

    private void check(RoutingContext ctx) {
        if (isOpen(ctx.normalizedPath()) || operator.sent(ctx)) {
            ctx.next();
            return;
        }
        String text = shown(ctx);
        if (text != null) {
            ApiKey.Shown shown = ApiKey.Shown.parse(text).orElseThrow(() -> refused(ctx, "This is not an API key."));
            after(ctx, keys.get(), known -> enter(ctx, known, shown));
            return;
        }
        TicketRoutes.of(ctx, origins)
                .ifPresentOrElse(
                        ticket -> after(ctx, behind(ticket), key -> enter(ctx, key, ticket)), () -> enter(ctx));
    }

    /** Goes on with an answer once it is there. */
    private static <T> void after(RoutingContext ctx, Future<T> asked, Consumer<T> then) {
        if (asked.succeeded()) {
            then.accept(asked.result());
            return;
        }
        ctx.request().pause();
        asked.onComplete(r -> {
            ctx.request().resume();
            if (r.failed()) {
                ctx.fail(r.cause());
                return;
            }
            try {
                then.accept(r.result());
            } catch (Problem.Thrown e) {
                ctx.fail(e);
            }
        });
    }

    /** The key that a ticket stands for; null when one of them is not good. */
    private Future<ApiKey> behind(Tickets.Ticket ticket) {
        long now = System.currentTimeMillis();
        return keys.get().compose(known -> {
            ApiKey key = known.get(ticket.key());
            return key == null || key.isOver(now)
                    ? Future.succeededFuture()
                    : tickets.isGood(ticket, now).map(good -> good ? key : null);
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

    /** A ticket that is over is no more than none: a browser goes on sending it. */
    private void enter(RoutingContext ctx, ApiKey key, Tickets.Ticket ticket) {
        if (key == null) {
            enter(ctx);
            return;
        }
        ctx.put(KEY, key);
        ctx.put(TICKET, ticket);
        ctx.next();
    }

    /** Nothing good was shown. */
    private void enter(RoutingContext ctx) {
        if (!anonymous) {
            throw refused(ctx, "This server wants an API key: send \"Authorization: Bearer onpy_…\".");
        }
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

    /** What to tell who has no good key. */
    static Problem.Thrown refused(RoutingContext ctx, String detail) {
        ctx.response().putHeader("WWW-Authenticate", "Bearer");
        return new Problem.Thrown(Problem.of(Kind.UNAUTHORIZED, detail));
    }
}
