package dev.onpyrunner.hostile;

/** See {@link HostileFamily}. */
class OtherJobsIT extends HostileFamily {
    OtherJobsIT() {
        super("other_jobs");
    }
}
