package dev.onpyrunner.hostile;

/** See {@link HostileFamily}. */
class FilesOutIT extends HostileFamily {
    FilesOutIT() {
        super("files_out");
    }
}
