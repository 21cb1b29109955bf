package dev.onpyrunner.hostile;

/** See {@link HostileFamily}. */
class LeftoversIT extends HostileFamily {
    LeftoversIT() {
        super("leftovers");
    }
}
