package dev.onpyrunner.hostile;

/** See {@link HostileFamily}. */
class ProcessesIT extends HostileFamily {
    ProcessesIT() {
        super("processes");
    }
}
