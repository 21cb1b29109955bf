package dev.onpyrunner.redis;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How to reach Redis.
 *
 * @param kind what kind of Redis it is
 * @param tls whether connections are encrypted, and the servers' certificates looked at
 * @param files which certificates, when it is not Java that knows
 * @param hosts {@code host:port} of the server, of the sentinels, or of some nodes of the cluster; or the path of the
 *     server's socket
 * @param master what the sentinels call the master; empty for the other kinds
 * @param database the database to use
 * @param login how to log in to Redis
 * @param sentinelLogin how to log in to the sentinels
 * @param timeoutMs how long one command may take, in milliseconds, before its connection is given up
 */
public record RedisSettings(
        Kind kind,
        boolean tls,
        Tls files,
        List<String> hosts,
        String master,
        int database,
        Login login,
        Login sentinelLogin,
        long timeoutMs) {
    /**
     * PEM files.
     *
     * @param ca authorities that may have signed the servers' certificates; empty for those that Java trusts
     * @param certificate shown to the servers; empty for none
     * @param key the certificate's
     */
    public record Tls(String ca, String certificate, String key) {
        /** Java's own authorities, and nothing to show. */
        public static final Tls NONE = new Tls("", "", "");

        public Tls {
            if (certificate.isEmpty() != key.isEmpty()) {
                throw new IllegalArgumentException("certificate and key must be given together");
            }
        }
    }

    /** What kind of Redis it is. */
    public enum Kind {
        /** One server. */
        SINGLE,
        /** A master that is found by asking sentinels. */
        SENTINEL,
        /** Redis Cluster: several masters, each with some of the slots. */
        CLUSTER;

        private int defaultPort() {
            return this == SENTINEL ? 26379 : 6379;
        }
    }

    /**
     * A user name and a password; never logged.
     *
     * @param user empty for Redis' default user
     * @param password empty for none
     */
    public record Login(String user, String password) {
        static final Login NONE = new Login("", "");

        boolean isNone() {
            return password.isEmpty();
        }

        @Override
        public String toString() {
            return isNone() ? "none" : "***";
        }
    }

    private static final Pattern URL = Pattern.compile("(redis|rediss)(-sentinel|-cluster)?://"
            + "(?:(?<login>[^@/?#]*)@)?(?<hosts>[^@/?#]+)(?:/(?<path>[^@?#]*))?(?:\\?(?<query>[^@#]*))?");
    private static final Pattern SOCKET = Pattern.compile("unix://(?:(?<login>[^@/?#]*)@)?(?<path>/[^@?#]+)");
    private static final Pattern HOST =
            Pattern.compile("(?<name>[A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+])(?::(?<port>[0-9]{1,5}))?");
    private static final String FORMS =
            "redis://host:port, unix:///path, redis-sentinel://host:port,host:port/master or"
                    + " redis-cluster://host:port,host:port; with rediss instead of redis for TLS";

    public RedisSettings {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(files, "files");
        Objects.requireNonNull(login, "login");
        Objects.requireNonNull(sentinelLogin, "sentinelLogin");
        hosts = List.copyOf(hosts);
        if (timeoutMs <= 0) {
            throw new IllegalArgumentException("timeoutMs must be positive: " + timeoutMs);
        }
    }

    /**
     * Reads a URL: {@code redis://user:password@host:port/database}, {@code
     * redis-sentinel://user:password@host:port,host:port/master/database?sentinel_user=…&sentinel_password=…} or {@code
     * redis-cluster://user:password@host:port,host:port}, each with {@code rediss} for TLS; or {@code
     * unix://user:password@/path}. User and password before the
     * hosts are Redis' own, in each kind.
     *
     * @throws IllegalArgumentException with a sentence that says what is wrong, and shows no password
     */
    public static RedisSettings of(String url, long timeoutMs) {
        return of(url, timeoutMs, Tls.NONE);
    }

    /** The same with certificates for TLS. */
    public static RedisSettings of(String url, long timeoutMs, Tls files) {
        Matcher socket = SOCKET.matcher(url);
        if (socket.matches()) {
            List<String> path = List.of(socket.group("path"));
            return new RedisSettings(
                    Kind.SINGLE, false, files, path, "", 0, login(socket.group("login")), Login.NONE, timeoutMs);
        }
        Matcher parts = URL.matcher(url);
        if (!parts.matches()) {
            throw new IllegalArgumentException("The URL of Redis must be " + FORMS
                    + ". In a password, signs such as '@'," + " '/' or a space must be written as %40, %2F or %20.");
        }
        Kind kind = parts.group(2) == null
                ? Kind.SINGLE
                : Kind.valueOf(parts.group(2).substring(1).toUpperCase(Locale.ROOT));
        String path = parts.group("path") == null ? "" : parts.group("path");
        String master = "";
        if (kind == Kind.SENTINEL) {
            int slash = path.indexOf('/');
            master = slash < 0 ? path : path.substring(0, slash);
            path = slash < 0 ? "" : path.substring(slash + 1);
            if (master.isEmpty()) {
                throw new IllegalArgumentException(
                        "The URL of Redis must name the master that the sentinels watch: " + FORMS + ".");
            }
        }
        return new RedisSettings(
                kind,
                parts.group(1).equals("rediss"),
                files,
                hosts(kind, parts.group("hosts")),
                decoded(master),
                database(kind, path),
                login(parts.group("login")),
                sentinelLogin(kind, parts.group("query")),
                timeoutMs);
    }

    private static List<String> hosts(Kind kind, String text) {
        List<String> hosts = new ArrayList<>();
        for (String one : text.split(",", -1)) {
            Matcher host = HOST.matcher(one);
            if (!host.matches() || (host.group("port") != null && Integer.parseInt(host.group("port")) > 65_535)) {
                // It is not shown: it may be a password, of a URL without a host.
                throw new IllegalArgumentException(
                        "In the URL of Redis, each host must be host or host:port, of letters,"
                                + " digits, '-' and '.', or an IPv6 address in [].");
            }
            hosts.add(
                    host.group("name") + ":" + (host.group("port") == null ? kind.defaultPort() : host.group("port")));
        }
        if (kind == Kind.SINGLE && hosts.size() > 1) {
            throw new IllegalArgumentException(
                    "redis:// names one server. For several of them, the URL of Redis must be"
                            + " redis-sentinel:// or redis-cluster://.");
        }
        return hosts;
    }

    private static int database(Kind kind, String path) {
        if (!path.matches("[0-9]{0,6}")) {
            throw new IllegalArgumentException(
                    "In the URL of Redis, the last part of the path must be the number of a database.");
        }
        int database = path.isEmpty() ? 0 : Integer.parseInt(path);
        if (kind == Kind.CLUSTER && database != 0) {
            throw new IllegalArgumentException("Redis Cluster has database 0 only.");
        }
        return database;
    }

    private static Login login(String text) {
        if (text == null) {
            return Login.NONE;
        }
        int colon = text.indexOf(':');
        return new Login(colon < 0 ? "" : decoded(text.substring(0, colon)), decoded(text.substring(colon + 1)));
    }

    private static Login sentinelLogin(Kind kind, String query) {
        String user = "";
        String password = "";
        for (String pair : query == null ? new String[0] : query.split("&", -1)) {
            int equals = pair.indexOf('=');
            String name = equals < 0 ? pair : pair.substring(0, equals);
            if (kind == Kind.SENTINEL && name.equals("sentinel_user")) {
                user = decoded(pair.substring(equals + 1));
            } else if (kind == Kind.SENTINEL && name.equals("sentinel_password")) {
                password = decoded(pair.substring(equals + 1));
            } else {
                throw new IllegalArgumentException("The URL of Redis has a parameter that is not known. Only"
                        + " redis-sentinel:// has some: sentinel_user and sentinel_password.");
            }
        }
        return new Login(user, password);
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            // Its message would show a part of the password.
            throw new IllegalArgumentException(
                    "In the URL of Redis, a '%' must be followed by two digits that stand for a sign; '%' itself is %25.");
        }
    }

    /** The URL without user, passwords, or anything else that is secret. */
    public String url() {
        if (kind == Kind.SINGLE && database == 0) {
            return urlOf(hosts.get(0));
        }
        String path = (master.isEmpty() ? "" : "/" + master) + (database == 0 ? "" : "/" + database);
        String what = kind == Kind.SINGLE ? "" : "-" + kind.name().toLowerCase(Locale.ROOT);
        return scheme() + what + "://" + String.join(",", hosts) + path;
    }

    private String scheme() {
        return tls ? "rediss" : "redis";
    }

    /** The same with another time-out. */
    RedisSettings withTimeout(long ms) {
        return new RedisSettings(kind, tls, files, hosts, master, database, login, sentinelLogin, ms);
    }

    /** The URL of one server, given as in {@link #hosts}. */
    String urlOf(String host) {
        return (host.startsWith("/") ? "unix" : scheme()) + "://" + host;
    }

    @Override
    public String toString() {
        return "RedisSettings[url=" + url() + ", login=" + login + "]";
    }
}
