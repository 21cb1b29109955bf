package dev.onpyrunner;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The names of the interpreters that programs are run by. */
final class Runtimes {
    private Runtimes() {}

    /**
     * The name of an interpreter, such as {@code python3.11}. Blocks.
     *
     * @throws IOException when it cannot be run
     */
    static String nameOf(Path python) throws IOException {
        Process process = new ProcessBuilder(
                        python.toString(), "-IS", "-c", "import sys; print('python%d.%d' % sys.version_info[:2])")
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
        if (!said.matches("python3\\.[0-9]+")) {
            throw new IOException("No Python 3 at " + python + ". Install python3, or set ONPY_RUNNER_PYTHON.");
        }
        return said;
    }
}
