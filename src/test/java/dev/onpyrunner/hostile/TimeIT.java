package dev.onpyrunner.hostile;

/** See {@link HostileFamily}. */
class TimeIT extends HostileFamily {
    TimeIT() {
        super("time");
    }
}
