package dev.onpyrunner.hostile;

/** See {@link HostileFamily}. */
class NetworkIT extends HostileFamily {
    NetworkIT() {
        super("network");
    }
}
