package dev.onpyrunner.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.BinaryNode;
import dev.onpyrunner.http.Problem.FieldError;
import dev.onpyrunner.http.Problem.Kind;
import dev.onpyrunner.job.Expect;
import dev.onpyrunner.job.Expect.Compare;
import dev.onpyrunner.job.Globs;
import dev.onpyrunner.job.JobFile;
import dev.onpyrunner.job.JobSpec;
import dev.onpyrunner.job.Limits;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads a request body into a {@link JobSpec}, or says all that is wrong with it at once.
 *
 * <p>One reader reads one body.
 */
final class JobReader {
    /** How long texts and names may be is said by the caps, not by the parser; and JSON is UTF-8 (RFC 8259, section 8.1). */
    private static final ObjectMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxStringLength(Integer.MAX_VALUE)
                            .maxNameLength(Integer.MAX_VALUE)
                            .build())
                    .disable(JsonFactory.Feature.CHARSET_DETECTION)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private static final Set<String> FIELDS = Set.of(
            "source",
            "files",
            "entry",
            "stdin",
            "stdin_base64",
            "args",
            "env",
            "runtime",
            "limits",
            "interactive",
            "collect",
            "priority",
            "retention_s",
            "max_starts",
            "expect");
    private static final Set<String> EXPECT = Set.of("stdout", "stdout_base64", "compare", "tolerance");
    private static final Set<String> LIMITS =
            Set.of("cpu_ms", "wall_ms", "idle_ms", "memory_bytes", "output_bytes", "processes", "disk_bytes");
    private static final Set<String> FILE = Set.of("path", "content", "content_base64");
    private static final long PAGE = 4096;
    /** Folders are not bounded by bytes, and the jail's file system has only so many places for them. */
    private static final int MAX_FOLDERS = 4096;

    private static final String DEFAULT_ENTRY = "main.py";

    private final HttpSettings settings;
    private final List<FieldError> wrong = new ArrayList<>();
    private final List<FieldError> tooLarge = new ArrayList<>();

    private JobReader(HttpSettings settings) {
        this.settings = settings;
    }

    /** Reads a job that is a part of a request; throws as {@link #json}, with pointers from here. */
    static JobSpec part(JsonNode job, HttpSettings settings) {
        return new JobReader(settings).read(job);
    }

    /** Reads {@code text/x-python}: the body is the program, everything else default. */
    static JobSpec program(Buffer body, HttpSettings settings) {
        JobReader reader = new JobReader(settings);
        reader.cap("", body.length(), settings.caps().programBytes(), "The program");
        String runtime = settings.standardRuntime();
        reader.runtime(runtime);
        reader.refuse();
        return new JobSpec(
                List.of(new JobFile(DEFAULT_ENTRY, body)),
                DEFAULT_ENTRY,
                Buffer.buffer(),
                List.of(),
                Map.of(),
                runtime,
                settings.defaults(),
                settings.standardPriority(),
                settings.retentionS(),
                settings.defaultMaxStarts());
    }

    /**
     * Reads {@code application/json}.
     *
     * @throws Problem.Thrown 400 when it is not JSON, 413 when something is over a cap, 422 when a field is wrong
     */
    static JobSpec json(Buffer body, HttpSettings settings) {
        return part(object(body), settings);
    }

    /**
     * Reads a JSON object.
     *
     * @throws Problem.Thrown 400 when it is none
     */
    static JsonNode object(Buffer body) {
        JsonNode root;
        try {
            root = MAPPER.readTree(body.getBytes());
        } catch (JsonProcessingException e) {
            throw new Problem.Thrown(Problem.of(Kind.BAD_REQUEST, "The body is not JSON" + why(e) + "."));
        } catch (IOException e) {
            throw new Problem.Thrown(Problem.of(Kind.BAD_REQUEST, "The body is not JSON."));
        }
        if (!root.isObject()) {
            throw new Problem.Thrown(Problem.of(Kind.BAD_REQUEST, "The body must be a JSON object."));
        }
        return root;
    }

    /**
     * Reads {@code multipart/form-data}.
     *
     * @throws Problem.Thrown as {@link #json}
     */
    static JobSpec form(Buffer body, String contentType, HttpSettings settings) {
        JobForm.Read form = JobForm.read(body, contentType, settings.caps(), MAPPER);
        JobReader reader = new JobReader(settings);
        reader.wrong.addAll(form.wrong());
        return reader.read(form.root());
    }

    /** What the parser found and where, without its own vocabulary. */
    private static String why(JsonProcessingException e) {
        if (e instanceof StreamConstraintsException) {
            return " that can be read: it is nested too deeply, or a number has too many digits";
        }
        String found = e instanceof MismatchedInputException ? "something follows the object" : e.getOriginalMessage();
        var at = e.getLocation();
        return (found.indexOf('`') < 0 ? ": " + found : "")
                + (at == null ? "" : " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")");
    }

    private JobSpec read(JsonNode root) {
        unknown("", root, FIELDS);
        String entry = root.has("entry") ? text("/entry", root.get("entry"), DEFAULT_ENTRY) : DEFAULT_ENTRY;
        String entryProblem = JobFile.pathProblem(entry);
        if (entryProblem != null) {
            wrong("/entry", entryProblem);
        }
        if (entry.startsWith("-")) {
            wrong("/entry", "The interpreter would take a name that begins with '-' for an option.");
        }
        List<JobFile> files = files(root, entry, entryProblem == null);
        Buffer stdin = bytes("", root, "stdin", Buffer.buffer());
        String stdinAt = root.has("stdin_base64") ? "/stdin_base64" : "/stdin";
        cap(stdinAt, stdin.length(), settings.caps().stdinBytes(), "The input");
        List<String> args = args(root.get("args"));
        Map<String, String> env = env(root.get("env"));
        String standard = settings.standardRuntime();
        String runtime = root.has("runtime") ? text("/runtime", root.get("runtime"), standard) : standard;
        runtime(runtime);
        Limits limits = limits(root.get("limits"));
        // A file takes whole pages of the jail's file system.
        long pages = files.stream()
                .mapToLong(f -> (f.content().length() + PAGE - 1) / PAGE)
                .sum();
        if (pages * PAGE > limits.diskBytes()) {
            wrong("/limits/disk_bytes", "The files alone need " + pages * PAGE + " bytes of disk.");
        }
        boolean interactive = root.has("interactive") && flag("/interactive", root.get("interactive"));
        List<String> collect = collect(root.get("collect"));
        int priority = (int) number(
                "/priority",
                root.get("priority"),
                settings.standardPriority(),
                settings.mostUrgent(),
                JobSpec.LEAST_URGENT);
        long retention =
                number("/retention_s", root.get("retention_s"), settings.retentionS(), 1, settings.maxRetentionS());
        int starts = (int)
                number("/max_starts", root.get("max_starts"), settings.defaultMaxStarts(), 1, settings.maxStarts());
        Optional<Expect> expect = expect(root.get("expect"));
        refuse();
        return new JobSpec(
                files,
                entry,
                stdin,
                interactive,
                args,
                env,
                runtime,
                limits,
                collect,
                priority,
                retention,
                starts,
                expect);
    }

    private void runtime(String runtime) {
        if (!settings.hasRuntime(runtime)) {
            String here = settings.allowance().allows(runtime) ? "here" : "for this key";
            wrong("/runtime", "There is no such runtime " + here + ". There is: " + settings.runtimeNames() + ".");
        }
    }

    private Optional<Expect> expect(JsonNode node) {
        if (node == null) {
            return Optional.empty();
        }
        if (!node.isObject()) {
            wrong("/expect", "This must be an object with stdout.");
            return Optional.empty();
        }
        unknown("/expect", node, EXPECT);
        if (!node.has("stdout") && !node.has("stdout_base64")) {
            wrong("/expect/stdout", "Say what the program should write: stdout or stdout_base64.");
        }
        Buffer stdout = bytes("/expect", node, "stdout", Buffer.buffer());
        cap("/expect/stdout", stdout.length(), settings.caps().stdinBytes(), "The expected output");
        Compare compare = Compare.TOKENS;
        String text = node.path("compare").asText("tokens");
        try {
            compare = Compare.valueOf(text.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            wrong("/expect/compare", "This must be exact, tokens or numbers.");
        }
        double tolerance = node.path("tolerance").asDouble(Expect.DEFAULT_TOLERANCE);
        if ((node.has("tolerance") && !node.get("tolerance").isNumber()) || !(tolerance >= 0 && tolerance <= 1)) {
            wrong("/expect/tolerance", "This must be a number from 0 to 1.");
            tolerance = 0;
        }
        return Optional.of(new Expect(stdout, compare, tolerance));
    }

    private List<JobFile> files(JsonNode root, String entry, boolean entryIsGood) {
        List<JobFile> files = new ArrayList<>();
        Set<String> paths = new HashSet<>();
        long total = 0;
        if (root.has("source")) {
            Buffer source = bytes("/source", root.get("source"));
            total += source.length();
            paths.add(entry);
            if (entryIsGood) {
                files.add(new JobFile(entry, source));
            }
        }
        JsonNode list = root.get("files");
        if (list != null && !list.isArray()) {
            wrong("/files", "This must be a list.");
        } else if (list != null) {
            cap("/files", list.size(), settings.caps().files(), "The number of files", "");
            for (int i = 0; i < list.size(); i++) {
                JobFile file = file("/files/" + i, list.get(i));
                if (file != null) {
                    total += file.content().length();
                    if (!paths.add(file.path())) {
                        wrong("/files/" + i + "/path", "Two files have this path; source counts as " + entry + ".");
                    }
                    files.add(file);
                }
            }
        }
        if (!root.has("source") && list == null) {
            wrong("/source", "There is no program. Give source, or files with one named " + entry + ".");
        } else if (entryIsGood && !paths.contains(entry)) {
            wrong("/entry", "No file is named " + entry + ".");
        }
        Set<String> folders = new HashSet<>();
        for (String path : paths) {
            for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
                folders.add(path.substring(0, slash));
                if (paths.contains(path.substring(0, slash))) {
                    wrong("/files", "'" + path.substring(0, slash) + "' is a file and a folder at once.");
                }
            }
        }
        cap("/files", folders.size(), MAX_FOLDERS, "The number of folders", "");
        cap("/files", total, settings.caps().programBytes(), "The program with its files");
        return files;
    }

    private JobFile file(String at, JsonNode node) {
        if (!node.isObject()) {
            wrong(at, "This must be an object with path and content.");
            return null;
        }
        unknown(at, node, FILE);
        int before = wrong.size();
        String path = node.has("path") ? text(at + "/path", node.get("path"), "") : "";
        String problem = JobFile.pathProblem(path);
        if (problem != null && wrong.size() == before) {
            wrong(at + "/path", problem);
        }
        if (!node.has("content") && !node.has("content_base64")) {
            wrong(at + "/content", "The file has no content. Give content or content_base64.");
        }
        Buffer content = bytes(at, node, "content", Buffer.buffer());
        return problem == null ? new JobFile(path, content) : null;
    }

    /** The bytes of a field that is text, or of its base64 twin. */
    private Buffer bytes(String at, JsonNode node, String name, Buffer none) {
        String encoded = name + "_base64";
        if (node.has(name) && node.has(encoded)) {
            wrong(at + "/" + encoded, "Give " + name + " or " + encoded + ", not both.");
        }
        if (node.has(encoded)) {
            try {
                return Buffer.buffer(Base64.getDecoder().decode(text(at + "/" + encoded, node.get(encoded), "")));
            } catch (IllegalArgumentException e) {
                wrong(at + "/" + encoded, "This is not base64.");
                return none;
            }
        }
        return node.has(name) ? bytes(at + "/" + name, node.get(name)) : none;
    }

    /** The bytes of a text, or of a form's part. */
    private Buffer bytes(String at, JsonNode node) {
        return node instanceof BinaryNode part ? Buffer.buffer(part.binaryValue()) : Buffer.buffer(text(at, node, ""));
    }

    private List<String> args(JsonNode node) {
        List<String> args = new ArrayList<>();
        if (node == null) {
            return args;
        }
        if (!node.isArray()) {
            wrong("/args", "This must be a list of texts.");
            return args;
        }
        cap("/args", node.size(), settings.caps().items(), "The number of arguments", "");
        for (int i = 0; i < node.size(); i++) {
            args.add(item("/args/" + i, node.get(i), "An argument"));
        }
        return args;
    }

    private Map<String, String> env(JsonNode node) {
        Map<String, String> env = new LinkedHashMap<>();
        if (node == null) {
            return env;
        }
        if (!node.isObject()) {
            wrong("/env", "This must be an object of texts.");
            return env;
        }
        cap("/env", node.size(), settings.caps().items(), "The number of variables", "");
        for (Map.Entry<String, JsonNode> e : node.properties()) {
            String at = "/env/" + escape(e.getKey());
            if (e.getKey().isEmpty()
                    || e.getKey().indexOf('=') >= 0
                    || e.getKey().indexOf(0) >= 0) {
                wrong(at, "A variable's name must not be empty or contain '=' or NUL.");
            }
            cap(at, e.getKey().length(), settings.caps().itemBytes(), "A variable's name");
            env.put(e.getKey(), item(at, e.getValue(), "A variable"));
        }
        return env;
    }

    private List<String> collect(JsonNode node) {
        List<String> patterns = new ArrayList<>();
        if (node == null) {
            return patterns;
        }
        if (!node.isArray()) {
            wrong("/collect", "This must be a list of patterns.");
            return patterns;
        }
        if (node.size() > Globs.MAX_PATTERNS) {
            wrong("/collect", "There are " + node.size() + " patterns, and " + Globs.MAX_PATTERNS + " are allowed.");
        }
        for (int i = 0; i < node.size(); i++) {
            String at = "/collect/" + i;
            int before = wrong.size();
            String pattern = text(at, node.get(i), "");
            String problem = Globs.problem(pattern);
            if (problem != null && wrong.size() == before) {
                wrong(at, problem);
            }
            patterns.add(pattern);
        }
        return patterns;
    }

    private String item(String at, JsonNode node, String what) {
        String text = text(at, node, "");
        if (text.indexOf(0) >= 0) {
            wrong(at, what + " must not contain NUL.");
        }
        cap(at, Buffer.buffer(text).length(), settings.caps().itemBytes(), what);
        return text;
    }

    private Limits limits(JsonNode node) {
        Limits d = settings.defaults();
        if (node == null) {
            return d;
        }
        if (!node.isObject()) {
            wrong("/limits", "This must be an object.");
            return d;
        }
        unknown("/limits", node, LIMITS);
        Limits max = settings.maximum();
        return new Limits(
                limit(node, "cpu_ms", d.cpuMs(), max.cpuMs()),
                limit(node, "wall_ms", d.wallMs(), max.wallMs()),
                limit(node, "idle_ms", d.idleMs(), max.idleMs()),
                number(
                        "/limits/memory_bytes",
                        node.get("memory_bytes"),
                        d.memoryBytes(),
                        Limits.MIN_MEMORY,
                        max.memoryBytes()),
                limit(node, "output_bytes", d.outputBytes(), max.outputBytes()),
                limit(node, "processes", d.processes(), max.processes()),
                limit(node, "disk_bytes", d.diskBytes(), max.diskBytes()));
    }

    private long limit(JsonNode node, String name, long value, long max) {
        return number("/limits/" + name, node.get(name), value, 1, max);
    }

    private long number(String at, JsonNode node, long none, long min, long max) {
        if (node == null) {
            return none;
        }
        if (!node.isIntegralNumber() || !node.canConvertToLong()) {
            wrong(at, "This must be a whole number from " + min + " to " + max + ".");
            return none;
        }
        if (node.longValue() < min || node.longValue() > max) {
            wrong(at, "This must be from " + min + " to " + max + ".");
            return none;
        }
        return node.longValue();
    }

    private boolean flag(String at, JsonNode node) {
        if (!node.isBoolean()) {
            wrong(at, "This must be true or false.");
        }
        return node.booleanValue();
    }

    private String text(String at, JsonNode node, String none) {
        if (!node.isTextual()) {
            wrong(at, "This must be a text.");
            return none;
        }
        String text = node.textValue();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(c)) {
                wrong(at, "This has half of a character (a lone surrogate), which UTF-8 cannot hold.");
                return none;
            }
        }
        return text;
    }

    private void unknown(String at, JsonNode node, Set<String> known) {
        for (Map.Entry<String, JsonNode> e : node.properties()) {
            if (!known.contains(e.getKey())) {
                wrong(at + "/" + escape(e.getKey()), "There is no such field.");
            }
        }
    }

    /** RFC 6901, section 3. */
    static String escape(String name) {
        return name.replace("~", "~0").replace("/", "~1");
    }

    private void wrong(String at, String detail) {
        wrong.add(new FieldError(at, detail));
    }

    private void cap(String at, long value, long cap, String what) {
        cap(at, value, cap, what, " bytes");
    }

    private void cap(String at, long value, long cap, String what, String unit) {
        if (value > cap) {
            tooLarge.add(new FieldError(at, what + " is " + value + unit + ", and " + cap + " are allowed."));
        }
    }

    private void refuse() {
        List<FieldError> all = new ArrayList<>(wrong);
        all.addAll(tooLarge);
        if (!wrong.isEmpty()) {
            String detail = all.size() == 1 ? all.get(0).detail() : all.size() + " fields are wrong; see errors.";
            throw new Problem.Thrown(new Problem(Kind.INVALID_JOB, detail, all, 0));
        }
        if (!tooLarge.isEmpty()) {
            throw new Problem.Thrown(new Problem(Kind.TOO_LARGE, tooLarge.get(0).detail(), all, 0));
        }
    }
}
