package dev.onpyrunner.redis;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Objects;

/**
 * How to reach Redis.
 *
 * @param url {@code redis://host:port}, {@code rediss://…} or {@code unix://…}, without credentials
 * @param password the password, or an empty text for none; never logged
 * @param timeoutMs how long one command may take, in milliseconds, before its connection is given up
 */
public record RedisSettings(String url, String password, long timeoutMs) {
    public RedisSettings {
        Objects.requireNonNull(url, "url");
        Objects.requireNonNull(password, "password");
        if (timeoutMs <= 0) {
            throw new IllegalArgumentException("timeoutMs must be positive: " + timeoutMs);
        }
    }

    /**
     * Splits a URL that may carry a password: {@code redis://:password@host:port}.
     *
     * @throws IllegalArgumentException when it is not a URL
     */
    public static RedisSettings of(String url, long timeoutMs) {
        URI uri;
        try {
            uri = new URI(url);
        } catch (URISyntaxException e) {
            // Its message would show the password.
            throw new IllegalArgumentException("The URL of Redis is not a URL: in a password, signs such as '@', '/' or"
                    + " a space must be written as %40, %2F or %20.");
        }
        String user = uri.getUserInfo();
        if (user == null) {
            return new RedisSettings(url, "", timeoutMs);
        }
        String password = user.substring(user.indexOf(':') + 1);
        return new RedisSettings(url.replace(uri.getRawUserInfo() + "@", ""), password, timeoutMs);
    }

    @Override
    public String toString() {
        return "RedisSettings[url=" + url + ", password=" + (password.isEmpty() ? "none" : "***") + "]";
    }
}
