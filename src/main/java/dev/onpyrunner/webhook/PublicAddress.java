package dev.onpyrunner.webhook;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;

/**
 * Which addresses are of the public Internet: all but those that the registries of IANA keep for something else (IPv4 and IPv6
 * Special-Purpose Address Registry).
 */
final class PublicAddress {
    /** The first bytes, and how many bits of them count. */
    private record Block(InetAddress begin, int bits) {
        static Block of(String text) {
            String[] parts = text.split("/", -1);
            try {
                return new Block(InetAddress.getByName(parts[0]), Integer.parseInt(parts[1]));
            } catch (UnknownHostException e) {
                throw new IllegalArgumentException(e);
            }
        }

        boolean has(byte[] address) {
            byte[] first = begin.getAddress();
            if (address.length != first.length) {
                return false;
            }
            for (int i = 0; i < bits; i++) {
                int mask = 0x80 >> (i % 8);
                if ((address[i / 8] & mask) != (first[i / 8] & mask)) {
                    return false;
                }
            }
            return true;
        }
    }

    private static final List<Block> SPECIAL = List.of(
                    "0.0.0.0/8",
                    "10.0.0.0/8",
                    "100.64.0.0/10",
                    "127.0.0.0/8",
                    "169.254.0.0/16",
                    "172.16.0.0/12",
                    "192.0.0.0/24",
                    "192.0.2.0/24",
                    "192.88.99.0/24",
                    "192.168.0.0/16",
                    "198.18.0.0/15",
                    "198.51.100.0/24",
                    "203.0.113.0/24",
                    "224.0.0.0/3")
            .stream()
            .map(Block::of)
            .toList();

    /** Of IPv6 only this is given out; and in it, this is not. */
    private static final Block GLOBAL = Block.of("2000::/3");

    private static final List<Block> SPECIAL_6 = List.of("2001::/23", "2001:db8::/32", "3fff::/20").stream()
            .map(Block::of)
            .toList();

    /** An IPv4 address in an IPv6 one, and where: 6to4. */
    private static final Block WITH_IPV4 = Block.of("2002::/16");

    private PublicAddress() {}

    static boolean isPublic(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (!(address instanceof Inet6Address)) {
            return isPublic(bytes);
        }
        if (WITH_IPV4.has(bytes)) {
            return isPublic(Arrays.copyOfRange(bytes, 2, 6));
        }
        return GLOBAL.has(bytes) && SPECIAL_6.stream().noneMatch(b -> b.has(bytes));
    }

    private static boolean isPublic(byte[] ipv4) {
        return SPECIAL.stream().noneMatch(b -> b.has(ipv4));
    }
}
