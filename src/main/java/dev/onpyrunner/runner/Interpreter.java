package dev.onpyrunner.runner;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What runs programs.
 *
 * @param runtime its name, such as {@code python3.11}
 * @param version of the language, such as {@code 3.11}
 * @param python its path in the jail
 * @param usr the folder that is {@code /usr} in the jail; empty for this machine's own
 * @param packages folder of packages that every program can import
 * @param environment variables of every program
 * @param preload names of modules that are loaded ahead in the interpreters that {@link Zygotes} copies
 * @param collect patterns of files that every job hands back
 * @param entered whether jails get copies of a warm interpreter, where this machine can do that; else each starts one
 * @param maxCopies copies of one warm interpreter before another one takes its place
 * @param maxAgeMs milliseconds before another one takes its place
 */
public record Interpreter(
        String runtime,
        String version,
        Path python,
        Optional<Path> usr,
        Optional<Path> packages,
        Map<String, String> environment,
        List<String> preload,
        List<String> collect,
        boolean entered,
        int maxCopies,
        long maxAgeMs) {
    public Interpreter {
        Objects.requireNonNull(runtime, "runtime");
        Objects.requireNonNull(version, "version");
        environment = Map.copyOf(environment);
        preload = List.copyOf(preload);
        collect = List.copyOf(collect);
        if (!preload.isEmpty() && !entered) {
            throw new IllegalArgumentException(
                    "preload needs the isolation 'entered' or 'auto': a fresh interpreter has nothing loaded");
        }
    }

    /** One that starts anew in each jail, with this system's packages only. */
    public static Interpreter fresh(String runtime, String version, Path python) {
        return new Interpreter(
                runtime,
                version,
                python,
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                List.of(),
                List.of(),
                false,
                1,
                1);
    }

    /** The same, started anew in each jail. */
    Interpreter startedAnew() {
        return new Interpreter(
                runtime, version, python, usr, packages, environment, List.of(), collect, false, maxCopies, maxAgeMs);
    }
}
