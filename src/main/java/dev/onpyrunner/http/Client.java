package dev.onpyrunner.http;

import dev.onpyrunner.job.ApiKey;
import dev.onpyrunner.job.Owner;
import dev.onpyrunner.job.TraceContext;
import io.netty.util.NetUtil;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** Who sends a request: its API key, else its IP address, or the one that a trusted proxy forwards. */
final class Client {
    private static final int V6_NETWORK_BYTES = 8;

    private Client() {}

    /**
     * The owner of what the request posts: its key. Without one, it is the address. An IPv6 address counts as its network of 64 bits, since one person has all of
     * it.
     *
     * @param trustedProxies addresses whose X-Forwarded-For is believed; its last address that is none of theirs counts
     */
    static Owner of(RoutingContext ctx, List<Network> trustedProxies) {
        ApiKey key = KeyGate.of(ctx);
        if (key != null) {
            return key.owner();
        }
        HttpServerRequest request = ctx.request();
        String address = request.remoteAddress().hostAddress();
        if (isOneOf(trustedProxies, address)) {
            String forwarded = String.join(",", request.headers().getAll("X-Forwarded-For"));
            String[] hops = forwarded.split(",", -1);
            for (int i = hops.length - 1; i >= 0 && isOneOf(trustedProxies, address); i--) {
                String hop = hops[i].trim();
                if (NetUtil.createByteArrayFromIpAddressString(hop) == null) {
                    break;
                }
                address = hop;
            }
        }
        return new Owner("ip:" + network(address));
    }

    /** Which trace the request belongs to, if it says so. */
    static Optional<TraceContext> trace(RoutingContext ctx) {
        return TraceContext.of(ctx.request().getHeader(TraceContext.HEADER));
    }

    private static boolean isOneOf(List<Network> networks, String address) {
        return networks.stream().anyMatch(n -> n.has(address));
    }

    private static String network(String address) {
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(address);
        if (bytes == null) {
            return address; // a Unix socket
        }
        try {
            InetAddress plain = InetAddress.getByAddress(bytes); // an IPv4 address mapped into IPv6 becomes IPv4
            return plain.getAddress().length == 4
                    ? plain.getHostAddress()
                    : HexFormat.ofDelimiter(":").formatHex(Arrays.copyOf(plain.getAddress(), V6_NETWORK_BYTES)) + "/64";
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }
}
