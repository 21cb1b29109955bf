package dev.onpyrunner.webhook;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Base64;
import java.util.Locale;

/**
 * Section {@code webhook} of the settings.
 *
 * @param url where each end is posted to; empty for nowhere
 * @param secret what signs the posts: {@code whsec_} and at least 24 bytes in base64
 * @param allowPrivate whether the address may be one of this machine or a private network
 * @param timeoutMs how long one post may take
 * @param attempts how often one end is posted until it is given up
 * @param atOnce how many posts are under way at once
 */
public record WebhookSettings(
        String url, String secret, boolean allowPrivate, long timeoutMs, int attempts, int atOnce) {
    private static final String PREFIX = "whsec_";
    private static final int MIN_SECRET = 24;

    public WebhookSettings {
        if (!url.isEmpty()) {
            URI uri = uri(url);
            if (uri.getHost() == null
                    || uri.getScheme() == null
                    || !uri.getScheme().matches("(?i)https?")) {
                throw new IllegalArgumentException("url must begin with https:// or http:// and name a host");
            }
            if (uri.getUserInfo() != null) {
                throw new IllegalArgumentException("url must not hold a password; the posts are signed");
            }
            if (key(secret).length < MIN_SECRET) {
                throw new IllegalArgumentException(
                        "secret must be 'whsec_' and at least " + MIN_SECRET + " random bytes in base64");
            }
        }
        if (timeoutMs < 1 || attempts < 1 || atOnce < 1 || atOnce > 1000) {
            throw new IllegalArgumentException(
                    "timeout_ms and attempts must be positive, and at_once must be 1 to 1000");
        }
    }

    private static URI uri(String url) {
        try {
            return new URI(url);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("url cannot be read");
        }
    }

    private static byte[] key(String secret) {
        if (!secret.startsWith(PREFIX)) {
            return new byte[0];
        }
        try {
            return Base64.getDecoder().decode(secret.substring(PREFIX.length()));
        } catch (IllegalArgumentException e) {
            return new byte[0];
        }
    }

    public boolean isOn() {
        return !url.isEmpty();
    }

    byte[] key() {
        return key(secret);
    }

    URI uri() {
        return uri(url);
    }

    boolean isTls() {
        return uri().getScheme().toLowerCase(Locale.ROOT).equals("https");
    }

    int port() {
        return uri().getPort() >= 0 ? uri().getPort() : isTls() ? 443 : 80;
    }

    @Override
    public String toString() {
        return "Webhook[url=" + (isOn() ? uri().getHost() : "none") + "]";
    }
}
