package dev.onpyrunner.http;

import dev.onpyrunner.http.Problem.Kind;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** Whether a request is the operator's: it shows the token of the settings. Without one there, nobody's is. */
final class Operator {
    private static final String BEARER = "Bearer ";

    private final String token;

    Operator(HttpSettings settings) {
        this.token = settings.operatorToken();
    }

    /** Whether the settings have a token. */
    boolean isNamed() {
        return !token.isEmpty();
    }

    /** Whether the request shows it, in time that does not depend on it. */
    boolean sent(RoutingContext ctx) {
        String header = ctx.request().getHeader(HttpHeaders.AUTHORIZATION);
        return isNamed()
                && header != null
                && header.regionMatches(true, 0, BEARER, 0, BEARER.length())
                && MessageDigest.isEqual(
                        header.substring(BEARER.length()).trim().getBytes(StandardCharsets.UTF_8),
                        token.getBytes(StandardCharsets.UTF_8));
    }

    /** Refuses everybody else. */
    void require(RoutingContext ctx) {
        if (!isNamed()) {
            throw new Problem.Thrown(Problem.of(
                    Kind.FORBIDDEN, "This is for the operator, and no operator_token is set on this server."));
        }
        if (!sent(ctx)) {
            ctx.response().putHeader("WWW-Authenticate", "Bearer");
            throw new Problem.Thrown(Problem.of(
                    Kind.UNAUTHORIZED, "This is for the operator: send \"Authorization: Bearer …\" with their token."));
        }
    }
}
