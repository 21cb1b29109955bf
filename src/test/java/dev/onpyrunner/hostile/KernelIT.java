package dev.onpyrunner.hostile;

/** See {@link HostileFamily}. */
class KernelIT extends HostileFamily {
    KernelIT() {
        super("kernel");
    }
}
