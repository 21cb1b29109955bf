package dev.onpyrunner.hostile;

/** See {@link HostileFamily}. */
class FilesInIT extends HostileFamily {
    FilesInIT() {
        super("files_in");
    }
}
