package dev.onpyrunner.http;

import io.netty.handler.ipfilter.IpFilterRuleType;
import io.netty.handler.ipfilter.IpSubnetFilterRule;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;

/** Some IP addresses, written as one address or as {@code 10.0.0.0/8} (CIDR, RFC 4632). */
public final class Network {
    private final String text;
    private final IpSubnetFilterRule rule;

    /** @throws IllegalArgumentException when it is neither */
    public Network(String text) {
        this.text = text;
        int slash = text.indexOf('/');
        String address = slash < 0 ? text : text.substring(0, slash);
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(address);
        String length = slash < 0 ? "" : text.substring(slash + 1);
        if (bytes == null || (slash >= 0 && !length.matches("[0-9]{1,3}"))) {
            throw new IllegalArgumentException("'" + text + "' is no IP address, and no network such as 10.0.0.0/8");
        }
        int bits = slash < 0 ? bytes.length * 8 : Integer.parseInt(length);
        if (bits > bytes.length * 8) {
            throw new IllegalArgumentException("'" + text + "' has more bits than an address");
        }
        rule = new IpSubnetFilterRule(address, bits, IpFilterRuleType.ACCEPT);
    }

    /** Whether an address, as text, is one of these. */
    boolean has(String address) {
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(address);
        return bytes != null && rule.matches(new InetSocketAddress(address, 0));
    }

    @Override
    public String toString() {
        return text;
    }
}
