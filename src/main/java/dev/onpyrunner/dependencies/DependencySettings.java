package dev.onpyrunner.dependencies;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;

/**
 * Section {@code dependencies} of the settings.
 *
 * @param enabled whether programs get the packages that their headers name
 * @param index where packages come from: the address of an index, a folder of wheels, or {@code default} for uv's own
 * @param allowed names of packages that may be installed, also as dependencies of others; {@code *} for all
 * @param uv path of the program uv
 * @param folder where installed packages are kept; empty for the folder {@code dependencies} of the node's data
 * @param timeoutMs how long one program's packages may take, in milliseconds
 * @param maxPackages how many packages one program may have, with all that they need
 * @param maxBytes how large they may be, unpacked and together
 * @param maxAgeS after how many seconds newer versions are looked for
 * @param cacheBytes how much is kept
 */
public record DependencySettings(
        boolean enabled,
        String index,
        List<String> allowed,
        Path uv,
        Path folder,
        long timeoutMs,
        int maxPackages,
        long maxBytes,
        long maxAgeS,
        long cacheBytes) {
    private static final String ALL = "*";
    private static final String OWN_OF_UV = "default";

    public DependencySettings {
        allowed = allowed.stream()
                .filter(n -> !n.isEmpty())
                .map(DependencySettings::allowedName)
                .distinct()
                .sorted()
                .toList();
        if (enabled && allowed.isEmpty()) {
            throw new IllegalArgumentException("allowed must name packages, or \"*\" for all of the index");
        }
        boolean address = index.matches("(?i)https?://.+");
        if (!address && !index.startsWith("/") && !index.equals(OWN_OF_UV)) {
            throw new IllegalArgumentException(
                    "index must begin with https:// or http://, be the absolute path of a folder with wheels, or 'default'");
        }
        if (address) {
            hostOf(index);
        }
        if (timeoutMs < 1 || maxPackages < 1 || maxBytes < 1 || maxAgeS < 1 || cacheBytes < 1) {
            throw new IllegalArgumentException(
                    "timeout_ms, max_packages, max_bytes, max_age_s and cache_bytes must be positive");
        }
    }

    private static String allowedName(String name) {
        if (name.equals(ALL)) {
            return name;
        }
        if (!Requirement.isName(name)) {
            throw new IllegalArgumentException("allowed has '" + name + "', which is no name of a package");
        }
        return Requirement.normalized(name);
    }

    private static String hostOf(String url) {
        try {
            URI uri = new URI(url);
            if (uri.getHost() != null) {
                return uri.getHost();
            }
        } catch (URISyntaxException e) {
            // told below, without what may be a password
        }
        throw new IllegalArgumentException("index must name a host");
    }

    /** The same, with the folder where they are kept. */
    public DependencySettings in(Path place) {
        return new DependencySettings(
                enabled, index, allowed, uv, place, timeoutMs, maxPackages, maxBytes, maxAgeS, cacheBytes);
    }

    /** Whether a package may be installed. {@code name} is normalized. */
    boolean allows(String name) {
        return allowed.contains(ALL) || allowed.contains(name);
    }

    boolean isFolder() {
        return index.startsWith("/");
    }

    /** Whether it is left to uv which index it asks. */
    boolean isOwnOfUv() {
        return index.equals(OWN_OF_UV);
    }

    @Override
    public String toString() {
        String where = isFolder() || isOwnOfUv() ? index : hostOf(index);
        return "Dependencies[enabled=" + enabled + ", index=" + where + ", allowed=" + allowed + "]";
    }
}
