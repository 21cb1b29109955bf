package dev.onpyrunner.mcp;

import io.netty.util.NetUtil;
import java.net.URI;
import java.util.Set;

/**
 * Which pages may call: those of an allow-list, and those that this machine itself has sent.
 *
 * <p>A page of a stranger's host can have its name lead to this server (DNS rebinding); then its Origin and the request's
 * Host are equal, and both are the stranger's. So equality counts only for what no name server has a say in: an address,
 * or {@code localhost}.
 *
 * @param allowed such as {@code https://example.org}
 */
record Origins(Set<String> allowed) {
    Origins {
        allowed = Set.copyOf(allowed);
    }

    /**
     * Whether a request may be answered.
     *
     * @param origin its Origin header; null for a program, which sends none
     * @param host its Host header
     */
    boolean allow(String origin, String host) {
        if (origin == null || allowed.contains(origin)) {
            return true;
        }
        try {
            URI uri = URI.create(origin);
            return uri.getHost() != null
                    && isFixed(uri.getHost())
                    && uri.getRawAuthority().equalsIgnoreCase(host);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean isFixed(String host) {
        return host.equalsIgnoreCase("localhost") || NetUtil.createByteArrayFromIpAddressString(host) != null;
    }
}
