package dev.onpyrunner.cluster;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Section {@code cluster} of the settings.
 *
 * @param enabled whether this node joins others
 * @param name nodes of another name are another cluster
 * @param host the address at which the others reach this node; 0.0.0.0 for the first one that is not loopback
 * @param port where nodes find each other (Hazelcast)
 * @param busPort where messages come in; 0 for any free one
 * @param members where other nodes may be found: {@code host} or {@code host:port}
 * @param dnsName a name whose addresses are all nodes', instead of {@code members}
 * @param tls for the messages between nodes
 */
public record ClusterSettings(
        boolean enabled,
        String name,
        String host,
        int port,
        int busPort,
        List<String> members,
        String dnsName,
        Tls tls) {
    private static final Pattern MEMBER = Pattern.compile("([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+])(?::([0-9]{1,5}))?");
    private static final int MAX_PORT = 65_535;

    /** PEM files; each empty, or all given: every node shows its certificate and wants to see the others'. */
    public record Tls(String certificate, String key, String ca) {
        public Tls {
            List<String> given = List.of(certificate, key, ca).stream()
                    .filter(f -> !f.isEmpty())
                    .toList();
            if (!given.isEmpty() && given.size() < 3) {
                throw new IllegalArgumentException("certificate, key and ca must be given together");
            }
        }

        boolean isOn() {
            return !ca.isEmpty();
        }
    }

    public ClusterSettings {
        members = members.stream().filter(m -> !m.isEmpty()).toList();
        if (name.isBlank() || host.isBlank()) {
            throw new IllegalArgumentException("name and host must not be empty");
        }
        if (port < 1 || port > MAX_PORT) {
            throw new IllegalArgumentException("port must be 1 to 65535, not " + port);
        }
        if (busPort < 0 || busPort > MAX_PORT) {
            throw new IllegalArgumentException("bus_port must be 0 to 65535, not " + busPort);
        }
        if (port == busPort) {
            throw new IllegalArgumentException("port and bus_port must not be the same, " + port);
        }
        for (String member : members) {
            if (!isMember(member)) {
                throw new IllegalArgumentException("members must be like 10.0.0.7 or node-a:5701, not " + member);
            }
        }
        if (!members.isEmpty() && !dnsName.isEmpty()) {
            throw new IllegalArgumentException("give members or dns_name, not both");
        }
        boolean hasOthers = !members.isEmpty() || !dnsName.isEmpty();
        if (hasOthers && !enabled) {
            throw new IllegalArgumentException("enabled must be true when other nodes are named");
        }
        if (hasOthers
                && isLoopback(host)
                && !(dnsName.isEmpty() && members.stream().allMatch(m -> isLoopback(m)))) {
            throw new IllegalArgumentException(
                    "host must be an address at which the other nodes reach this one, or 0.0.0.0; not " + host
                            + ", which is this machine alone");
        }
    }

    private static boolean isLoopback(String name) {
        return name.startsWith("127.")
                || name.startsWith("localhost")
                || name.startsWith("[::1]")
                || name.equals("::1");
    }

    private static boolean isMember(String member) {
        Matcher m = MEMBER.matcher(member);
        if (!m.matches()) {
            return false;
        }
        int memberPort = m.group(2) == null ? 1 : Integer.parseInt(m.group(2));
        return memberPort >= 1 && memberPort <= MAX_PORT;
    }
}
