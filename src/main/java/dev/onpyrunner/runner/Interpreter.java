package dev.onpyrunner.runner;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What runs programs.
 *
 * @param runtime its name, such as {@code python3.11}
 * @param python its path, on the host and in the jail
 * @param packages folder of packages that every program can import
 * @param preload names of modules that are loaded ahead in the interpreters that {@link Zygotes} copies
 * @param entered whether jails get copies of a warm interpreter, where this machine can do that; else each starts one
 * @param maxCopies copies of one warm interpreter before another one takes its place
 * @param maxAgeMs milliseconds before another one takes its place
 */
public record Interpreter(
        String runtime,
        Path python,
        Optional<Path> packages,
        List<String> preload,
        boolean entered,
        int maxCopies,
        long maxAgeMs) {
    public Interpreter {
        Objects.requireNonNull(runtime, "runtime");
        preload = List.copyOf(preload);
        if (!preload.isEmpty() && !entered) {
            throw new IllegalArgumentException(
                    "preload needs the isolation 'entered' or 'auto': a fresh interpreter has nothing loaded");
        }
    }

    /** One that starts anew in each jail, with the system's packages only. */
    public static Interpreter fresh(String runtime, Path python) {
        return new Interpreter(runtime, python, Optional.empty(), List.of(), false, 1, 1);
    }
}
