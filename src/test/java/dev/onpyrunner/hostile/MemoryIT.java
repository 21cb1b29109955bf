package dev.onpyrunner.hostile;

/** See {@link HostileFamily}. */
class MemoryIT extends HostileFamily {
    MemoryIT() {
        super("memory");
    }
}
