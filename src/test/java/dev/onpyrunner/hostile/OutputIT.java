package dev.onpyrunner.hostile;

/** See {@link HostileFamily}. */
class OutputIT extends HostileFamily {
    OutputIT() {
        super("output");
    }
}
