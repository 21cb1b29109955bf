package dev.onpyrunner.http;

import dev.onpyrunner.job.ApiKey;
import dev.onpyrunner.job.Tickets;
import io.vertx.core.Future;
import io.vertx.core.http.Cookie;
import io.vertx.core.http.CookieSameSite;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.net.URI;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * {@code /v1/tickets}: a browser shows its API key once and gets a ticket in a cookie. It comes with all that the page asks for,
 * WebSockets, streams and pictures too, which cannot have headers; no script can read it; and no address has it.
 */
final class TicketRoutes {
    private static final String COOKIE = "onpyrunner-ticket";

    private final Tickets tickets;

    TicketRoutes(Tickets tickets) {
        this.tickets = tickets;
    }

    void mount(Router router) {
        router.post("/v1/tickets").produces(Answers.JSON).handler(this::give);
        router.delete("/v1/tickets").handler(this::end);
    }

    /**
     * The ticket that a request comes with; empty also when a page of another origin has made it, in its visitor's name: browsers then
     * say so, and keep the cookie to themselves unless that page is of the same site.
     *
     * @param origins whose pages may come besides this server's own
     */
    static Optional<Tickets.Ticket> of(RoutingContext ctx, Set<String> origins) {
        Cookie cookie = ctx.request().getCookie(COOKIE);
        if (cookie == null || !isOwn(ctx, origins)) {
            return Optional.empty();
        }
        return Tickets.Ticket.parse(cookie.getValue());
    }

    private static boolean isOwn(RoutingContext ctx, Set<String> origins) {
        String origin = ctx.request().getHeader(HttpHeaders.ORIGIN);
        if (origin == null || origins.contains(origin)) {
            return true;
        }
        try {
            String authority = URI.create(origin).getRawAuthority();
            return authority != null && authority.equalsIgnoreCase(ctx.request().getHeader(HttpHeaders.HOST));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** A new one for a key; the same for longer for a ticket. */
    private void give(RoutingContext ctx) {
        ApiKey key = KeyGate.of(ctx);
        if (key == null) {
            throw KeyGate.refused(ctx, "A ticket is for an API key: send \"Authorization: Bearer onpy_…\".");
        }
        Tickets.Ticket shown = KeyGate.ticketOf(ctx);
        long now = System.currentTimeMillis();
        Future<Tickets.Given> giving = shown == null ? tickets.give(key, now) : tickets.renew(shown, now);
        giving.compose(given -> {
                    Tickets.Ticket ticket = given.ticket();
                    ctx.response().addCookie(cookie(ctx, ticket.text()).setMaxAge((given.until() - now) / 1000));
                    JsonObject json = new JsonObject()
                            .put("name", key.name())
                            .put(
                                    "expires_at",
                                    Instant.ofEpochMilli(given.until()).toString());
                    return Answers.json(ctx, shown == null ? 201 : 200, json.toBuffer());
                })
                .onFailure(ctx::fail);
    }

    private void end(RoutingContext ctx) {
        Tickets.Ticket shown = KeyGate.ticketOf(ctx);
        Future<Void> ended = shown == null ? Future.succeededFuture() : tickets.end(shown);
        ended.compose(v -> {
                    ctx.response().addCookie(cookie(ctx, "").setMaxAge(0));
                    return ctx.response().setStatusCode(204).end();
                })
                .onFailure(ctx::fail);
    }

    private static Cookie cookie(RoutingContext ctx, String value) {
        String origin = ctx.request().getHeader(HttpHeaders.ORIGIN);
        // Before a proxy it is HTTPS, which the browser knows best.
        boolean secure = ctx.request().isSSL()
                || (origin != null && origin.toLowerCase(Locale.ROOT).startsWith("https://"));
        return Cookie.cookie(COOKIE, value)
                .setPath("/")
                .setHttpOnly(true)
                .setSecure(secure)
                .setSameSite(CookieSameSite.STRICT);
    }
}
