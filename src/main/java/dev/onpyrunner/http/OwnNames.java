package dev.onpyrunner.http;

import dev.onpyrunner.http.Problem.Kind;
import io.netty.util.NetUtil;
import io.vertx.core.net.HostAndPort;
import io.vertx.ext.web.Router;
import java.net.URI;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The names under which a server that listens on loopback alone may be asked: addresses, {@code localhost}, and the hosts of the allowed
 * origins. A page of a stranger's host can have its name lead here (DNS rebinding), and to the visitor's browser it is then this server's own
 * page; but the request still says that name.
 */
final class OwnNames {
    private final Set<String> names = new HashSet<>(Set.of("localhost"));

    OwnNames(List<String> origins) {
        origins.forEach(o -> names.add(URI.create(o).getHost().toLowerCase(Locale.ROOT)));
    }

    /** Guards every route that comes after this, if the server listens on loopback and no proxy stands before it. */
    static void mount(Router router, HttpSettings settings) {
        if (!isLoopback(settings.host()) || !settings.trustedProxies().isEmpty()) {
            return;
        }
        OwnNames own = new OwnNames(settings.allowedOrigins());
        router.route().handler(ctx -> {
            HostAndPort asked = ctx.request().authority();
            if (asked != null && !own.has(asked.host())) {
                throw new Problem.Thrown(Problem.of(
                        Kind.FORBIDDEN,
                        "This server listens on this machine alone, and was asked as another host. If that is its name, name its origin in the"
                                + " setting http.allowed_origins, or the proxy before it in http.trusted_proxies."));
            }
            ctx.next();
        });
    }

    private static boolean isLoopback(String host) {
        return host.equals("localhost") || host.equals("::1") || host.startsWith("127.");
    }

    boolean has(String host) {
        String name = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        return names.contains(name.toLowerCase(Locale.ROOT))
                || NetUtil.createByteArrayFromIpAddressString(name) != null;
    }
}
