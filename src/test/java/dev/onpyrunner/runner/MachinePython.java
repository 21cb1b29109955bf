package dev.onpyrunner.runner;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** This machine's own Python, as what runs programs. */
final class MachinePython {
    private MachinePython() {}

    static Interpreter fresh() {
        Path python = Path.of("/usr/bin/python3");
        try {
            Process asked = new ProcessBuilder(
                            python.toString(), "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
                    .start();
            String version = new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
            return Interpreter.fresh("python3", version, python);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
