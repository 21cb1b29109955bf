package dev.onpyrunner.cluster;

/**
 * Section {@code bridge} of the settings.
 *
 * @param enabled whether the event bus can be heard over TCP at all
 * @param port 0 for any free one
 * @param secret what a client must know
 */
public record BridgeSettings(boolean enabled, String host, int port, String secret) {
    private static final int MIN_SECRET = 16;

    public BridgeSettings {
        if (host.isBlank()) {
            throw new IllegalArgumentException("host must not be empty");
        }
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port must be 0 to 65535, not " + port);
        }
        if (enabled && secret.length() < MIN_SECRET) {
            throw new IllegalArgumentException("secret must be at least " + MIN_SECRET + " characters long");
        }
    }

    @Override
    public String toString() {
        return "Bridge[enabled=" + enabled + ", host=" + host + ", port=" + port + "]";
    }
}
