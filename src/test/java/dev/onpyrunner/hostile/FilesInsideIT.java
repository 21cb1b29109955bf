package dev.onpyrunner.hostile;

/** See {@link HostileFamily}. */
class FilesInsideIT extends HostileFamily {
    FilesInsideIT() {
        super("files_inside");
    }
}
