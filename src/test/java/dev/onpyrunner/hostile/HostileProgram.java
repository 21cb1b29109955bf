package dev.onpyrunner.hostile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.onpyrunner.TestNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A program that tries to do harm, with what its header expects. {@code src/test/resources/hostile/README.md} has the
 * format.
 *
 * @param tries the first line: what it tries
 * @param header the other lines, by name
 */
record HostileProgram(String family, String name, String tries, Map<String, List<String>> header, String source) {
    static final Path FOLDER = Path.of("src/test/resources/hostile");

    /** What programs share, placed beside each that imports it. */
    private static final String SHARED = "trial.py";

    private static final Pattern LINE = Pattern.compile("# ([A-Z][a-z]+(?:-[a-z]+)?): (.*)");
    private static final Set<String> NAMES = Set.of(
            "Expect",
            "Expect-line",
            "Expect-no",
            "Expect-error",
            "Stderr",
            "Expect-bytes",
            "Expect-hit",
            "May-hit",
            "Expect-file",
            "May-file",
            "After-peak",
            "Limit",
            "Stdin",
            "Arg",
            "File",
            "Collect",
            "Request",
            "Refused");

    /** A request that the node must refuse, naming this field. */
    record Refused(String pointer, ObjectNode body) {}

    static List<HostileProgram> family(String family) {
        try (Stream<Path> files = Files.list(FOLDER.resolve(family))) {
            return files.filter(f -> f.toString().endsWith(".py"))
                    .sorted()
                    .map(HostileProgram::read)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static HostileProgram read(Path file) {
        String source = text(file);
        List<String> lines = source.lines().takeWhile(l -> l.startsWith("#")).toList();
        Map<String, List<String>> header = new LinkedHashMap<>();
        for (String line : lines.subList(1, lines.size())) {
            Matcher parts = LINE.matcher(line);
            if (!parts.matches() || !NAMES.contains(parts.group(1))) {
                throw new IllegalArgumentException(file + ": not a line of a header: " + line);
            }
            header.computeIfAbsent(parts.group(1), n -> new ArrayList<>()).add(parts.group(2));
        }
        String name = file.getFileName().toString().replaceFirst("\\.py$", "");
        return new HostileProgram(
                file.getParent().getFileName().toString(), name, lines.get(0).substring(2), header, source);
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    List<String> all(String name) {
        return header.getOrDefault(name, List.of());
    }

    /** The value of a line that may be there once; null when it is not. */
    String one(String name) {
        List<String> values = all(name);
        if (values.size() > 1) {
            throw new IllegalArgumentException(this.name + ": more than one " + name);
        }
        return values.isEmpty() ? null : values.get(0);
    }

    long limit(String limit) {
        return all("Limit").stream()
                .filter(l -> l.startsWith(limit + "="))
                .mapToLong(l -> Long.parseLong(l.substring(limit.length() + 1)))
                .findFirst()
                .orElse(0);
    }

    /** How it may end: an outcome, or an outcome with its exit code or signal. */
    List<String> ends() {
        return Stream.of(one("Expect").split("\\|", -1)).map(String::trim).toList();
    }

    /** Whether the job's outcome, with its exit code or signal, is one of those that are expected. */
    boolean expects(JsonNode job) {
        String outcome = job.path("outcome").asText();
        String detail = job.path("exit_code").isNumber()
                ? job.path("exit_code").asText()
                : job.path("signal").asText();
        return ends().stream().anyMatch(e -> e.equals(outcome) || e.equals(outcome + " " + detail));
    }

    /** The request that runs it; {@code places} are the values of arguments that stand for something of the node. */
    ObjectNode request(Map<String, String> places) {
        ObjectNode body = TestNode.JSON.createObjectNode().put("source", source);
        ArrayNode files = body.putArray("files");
        if (source.contains("from trial import ")) {
            files.addObject().put("path", SHARED).put("content", text(FOLDER.resolve(SHARED)));
        }
        for (String file : all("File")) {
            int equals = file.indexOf('=');
            files.addObject().put("path", file.substring(0, equals)).put("content", file.substring(equals + 1));
        }
        ObjectNode limits = body.putObject("limits");
        for (String limit : all("Limit")) {
            int equals = limit.indexOf('=');
            limits.put(limit.substring(0, equals), Long.parseLong(limit.substring(equals + 1)));
        }
        body.put(
                "stdin",
                String.join("", all("Stdin").stream().map(l -> l + "\n").toList()));
        ArrayNode args = body.putArray("args");
        all("Arg").forEach(a -> args.add(places.getOrDefault(a, a)));
        ArrayNode collect = body.putArray("collect");
        all("Collect").forEach(collect::add);
        for (String more : all("Request")) {
            ObjectNode fields = json(more);
            fields.withArray("files").forEach(files::add);
            fields.remove("files");
            body.setAll(fields);
        }
        return body;
    }

    /** The requests that must be refused: this program with fields that are wrong. */
    List<Refused> refused() {
        return all("Refused").stream()
                .map(line -> {
                    int space = line.indexOf(' ');
                    ObjectNode body = TestNode.JSON.createObjectNode().put("source", source);
                    body.setAll(json(line.substring(space + 1)));
                    return new Refused(line.substring(0, space), body);
                })
                .toList();
    }

    private static ObjectNode json(String text) {
        try {
            return (ObjectNode) TestNode.JSON.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        return name + ": " + tries;
    }
}
