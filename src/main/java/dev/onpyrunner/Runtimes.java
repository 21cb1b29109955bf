package dev.onpyrunner;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.onpyrunner.job.Globs;
import dev.onpyrunner.job.RuntimeInfo;
import dev.onpyrunner.runner.Interpreter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The Pythons of this machine that can run programs: its own, and one for each folder of {@code runner.runtimes_dir} with a
 * {@code runtime.json}. {@code docs/runtimes.md} says what is in it.
 */
record Runtimes(String machine, List<Installed> installed) {
    private static final String FILE = "runtime.json";
    private static final String PACKAGES = "packages";
    private static final String CPYTHON = "CPython";
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9.-]{0,31}");
    private static final Pattern MODULE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)*");
    private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final Pattern SAID = Pattern.compile("([A-Za-z]+) (([0-9]+\\.[0-9]+)\\.[0-9]+)");
    private static final Pattern METADATA = Pattern.compile("([^-]+)-([^-]+).*\\.(?:dist|egg)-info");
    private static final Set<String> NOT_MODULES = Set.of("bin", "share", "include", "lib");
    private static final ObjectMapper MAPPER =
            JsonMapper.builder().enable(JsonReadFeature.ALLOW_JAVA_COMMENTS).build();

    /** One that this node has: what clients are told, and how it is started. */
    record Installed(RuntimeInfo info, Interpreter interpreter) {}

    /** A {@code runtime.json}; what it leaves out is null. */
    private record Description(
            String description,
            String implementation,
            String version,
            String python,
            String usr,
            String packages,
            Map<String, String> environment,
            List<String> preload,
            List<String> collect) {}

    /** What an interpreter says of itself. */
    private record Said(String implementation, String version, String language) {}

    /**
     * Looks for those of these settings. Blocks.
     *
     * @throws IOException with a sentence that says what is wrong and what to do
     */
    static Runtimes find(NodeConfig.Runner settings) throws IOException {
        Said own = said(settings.python());
        String machine = "python" + own.language();
        List<Installed> all = new ArrayList<>();
        all.add(installed(
                machine,
                "This machine's own Python.",
                own,
                settings.python(),
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                List.of(),
                List.of(),
                settings));
        for (Path folder : folders(settings.runtimesDir())) {
            all.add(read(folder, own, settings));
        }
        for (String name : settings.runtimes()) {
            if (all.stream().noneMatch(r -> r.info().name().equals(name))) {
                throw new IOException("There is no runtime '" + name
                        + "', which the setting 'runner.runtimes' names. There are: "
                        + String.join(
                                ", ", all.stream().map(r -> r.info().name()).toList()) + ".");
            }
        }
        all.removeIf(r -> !settings.runtimes().isEmpty()
                && !settings.runtimes().contains(r.info().name()));
        return new Runtimes(machine, List.copyOf(all));
    }

    /** The runtime of jobs that name none. */
    String standard(NodeConfig.Jobs jobs) {
        return jobs.runtime().isEmpty() ? machine : jobs.runtime();
    }

    List<Interpreter> interpreters() {
        return installed.stream().map(Installed::interpreter).toList();
    }

    List<RuntimeInfo> infos() {
        return installed.stream().map(Installed::info).toList();
    }

    private static List<Path> folders(Path of) throws IOException {
        List<Path> folders = new ArrayList<>();
        if (of.toString().isEmpty()) {
            return folders;
        }
        if (!Files.isDirectory(of)) {
            throw new IOException("There is no folder " + of + ", which the setting 'runner.runtimes_dir' names.");
        }
        try (DirectoryStream<Path> found = Files.newDirectoryStream(of, f -> Files.exists(f.resolve(FILE)))) {
            found.forEach(folders::add);
        }
        folders.sort(Comparator.comparing(f -> f.getFileName().toString()));
        return folders;
    }

    private static Installed read(Path folder, Said own, NodeConfig.Runner settings) throws IOException {
        Path file = folder.resolve(FILE);
        String name = folder.getFileName().toString();
        require(
                NAME.matcher(name).matches(),
                folder,
                "must have a name of up to 32 small letters, digits, dots and hyphens");
        Description d;
        try {
            d = MAPPER.readValue(Files.readAllBytes(file), Description.class);
        } catch (JsonProcessingException e) {
            throw new IOException(file + " is not what it should be: " + e.getOriginalMessage() + " (line "
                    + e.getLocation().getLineNr() + ")");
        }
        List<String> preload = d.preload() == null ? List.of() : d.preload();
        for (String module : preload) {
            require(
                    MODULE.matcher(module).matches(),
                    file,
                    "must have names of modules in preload, not '" + module + "'");
        }
        Map<String, String> environment = d.environment() == null ? Map.of() : d.environment();
        for (String variable : environment.keySet()) {
            require(VARIABLE.matcher(variable).matches(), file, "has a variable '" + variable + "'");
        }
        List<String> collect = d.collect() == null ? List.of() : d.collect();
        for (String pattern : collect) {
            require(
                    Globs.problem(pattern) == null,
                    file,
                    "has a pattern '" + pattern + "' in collect: " + Globs.problem(pattern));
        }
        Optional<Path> usr = Optional.ofNullable(d.usr()).map(folder::resolve).map(Path::toAbsolutePath);
        require(
                usr.isEmpty() || (d.python() != null && d.version() != null),
                file,
                "must have python and version as well, for it has usr");
        Said said = own;
        if (d.version() != null) {
            Matcher version = Pattern.compile("([0-9]+\\.[0-9]+)(\\..+)?").matcher(d.version());
            require(version.matches(), file, "must have a version like 3.13.5");
            said = new Said(
                    d.implementation() == null ? own.implementation() : d.implementation(),
                    d.version(),
                    version.group(1));
        }
        Path packages = folder.resolve(d.packages() == null ? PACKAGES : d.packages());
        require(
                d.packages() == null || Files.isDirectory(packages),
                file,
                "names packages in " + packages + ", which is no folder");
        return installed(
                name,
                d.description() == null ? "" : d.description(),
                said,
                d.python() == null ? settings.python() : Path.of(d.python()),
                usr,
                Files.isDirectory(packages) ? Optional.of(packages.toAbsolutePath()) : Optional.empty(),
                environment,
                preload,
                collect,
                settings);
    }

    private static void require(boolean good, Path what, String must) throws IOException {
        if (!good) {
            throw new IOException(what + " " + must + ".");
        }
    }

    private static Installed installed(
            String name,
            String description,
            Said said,
            Path python,
            Optional<Path> usr,
            Optional<Path> packages,
            Map<String, String> environment,
            List<String> preload,
            List<String> collect,
            NodeConfig.Runner settings)
            throws IOException {
        // Only CPython can be copied.
        boolean entered = said.implementation().equals(CPYTHON) && settings.entered(!preload.isEmpty());
        // Where an operator wants fresh interpreters, nothing can be loaded ahead.
        List<String> loaded = entered ? preload : List.of();
        Path libraries = usr.orElse(Path.of("/usr"));
        SortedMap<String, String> versions = new TreeMap<>();
        SortedSet<String> modules = new TreeSet<>();
        look(libraries.resolve("lib/python3/dist-packages"), versions, modules);
        look(
                packages.orElse(libraries.resolve("local/lib/python" + said.language() + "/dist-packages")),
                versions,
                modules);
        return new Installed(
                new RuntimeInfo(
                        name,
                        description,
                        said.implementation(),
                        said.version(),
                        entered,
                        loaded,
                        versions,
                        List.copyOf(modules),
                        collect),
                new Interpreter(
                        name,
                        said.language(),
                        python,
                        usr,
                        packages,
                        environment,
                        loaded,
                        collect,
                        entered,
                        settings.zygote().maxCopies(),
                        settings.zygote().maxAgeMs()));
    }

    /** Notes what is in a folder of packages. */
    private static void look(Path folder, SortedMap<String, String> versions, SortedSet<String> modules)
            throws IOException {
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            for (Path entry : entries) {
                String name = entry.getFileName().toString();
                Matcher metadata = METADATA.matcher(name);
                if (metadata.matches()) {
                    versions.put(metadata.group(1).replace('_', '-'), metadata.group(2));
                    continue;
                }
                boolean file = name.endsWith(".py") || name.endsWith(".so");
                String module = file ? name.substring(0, name.indexOf('.')) : name;
                if ((file || Files.isDirectory(entry))
                        && MODULE.matcher(module).matches()
                        && !module.startsWith("_")
                        && module.indexOf('.') < 0
                        && !NOT_MODULES.contains(module)) {
                    modules.add(module);
                }
            }
        }
    }

    private static Said said(Path python) throws IOException {
        String ask = "import sys; print(sys.implementation.name, '%d.%d.%d' % sys.version_info[:3])";
        Process process = new ProcessBuilder(python.toString(), "-IS", "-c", ask)
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
        Matcher matcher = SAID.matcher(said);
        if (!matcher.matches() || !matcher.group(3).startsWith("3.")) {
            throw new IOException("No Python 3 at " + python + ". Install python3, or set ONPY_RUNNER_PYTHON.");
        }
        String implementation = switch (matcher.group(1)) {
            case "cpython" -> CPYTHON;
            case "pypy" -> "PyPy";
            default -> matcher.group(1);
        };
        return new Said(implementation, matcher.group(2), matcher.group(3));
    }
}
