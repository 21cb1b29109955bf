package dev.onpyrunner.dependencies;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.toml.TomlFactory;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a program says about itself in comments (PEP 723): {@code # /// script}, lines of TOML, {@code # ///}.
 *
 * <p>It is looked for in the program's first 64 KiB, and may be 16 KiB long.
 *
 * @param requiresPython versions of Python that it is for
 * @param dependencies what it wants to import
 */
record ScriptHeader(Optional<String> requiresPython, List<Requirement> dependencies) {
    private static final int LOOKED_AT = 1 << 16;
    private static final int MOST_BYTES = 1 << 14;
    private static final int MOST_DEPENDENCIES = 100;
    private static final int MOST_DEPTH = 20;
    private static final int MOST_NUMBER = 100;
    private static final String BEGIN = "# /// script";
    private static final String END = "# ///";
    private static final ObjectMapper TOML = new TomlMapper(TomlFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MOST_DEPTH)
                    .maxNumberLength(MOST_NUMBER)
                    .build())
            .build());

    /** Whether there is one that names dependencies, as far as can be seen without reading it. */
    static boolean isIn(Buffer program) {
        List<String> lines = lines(program);
        int begin = lines.indexOf(BEGIN);
        return begin >= 0
                && lines.subList(begin, lines.size()).stream()
                        .takeWhile(ScriptHeader::isComment)
                        .anyMatch(l -> l.startsWith("# dependencies"));
    }

    /**
     * Reads a program's header.
     *
     * @return empty when it has none
     * @throws DependencyException when it has one that cannot be read
     */
    static Optional<ScriptHeader> of(Buffer program) {
        return toml(lines(program)).map(ScriptHeader::parsed);
    }

    private static List<String> lines(Buffer program) {
        int length = Math.min(program.length(), LOOKED_AT);
        return program.getString(0, length, StandardCharsets.UTF_8.name())
                .lines()
                .toList();
    }

    private static boolean isComment(String line) {
        return line.equals("#") || line.startsWith("# ");
    }

    private static Optional<String> toml(List<String> lines) {
        int begin = lines.indexOf(BEGIN);
        if (begin < 0) {
            return Optional.empty();
        }
        List<String> comments = lines.subList(begin + 1, lines.size()).stream()
                .takeWhile(ScriptHeader::isComment)
                .toList();
        int end = comments.lastIndexOf(END);
        if (end < 0) {
            return Optional.empty(); // as PEP 723 has it: without its end it is a comment like others
        }
        if (lines.lastIndexOf(BEGIN) > begin + end) {
            throw DependencyException.ofProgram("The program has more than one header '" + BEGIN + "'.");
        }
        StringBuilder text = new StringBuilder();
        for (String line : comments.subList(0, end)) {
            text.append(line.length() > 2 ? line.substring(2) : "").append('\n');
        }
        if (text.length() > MOST_BYTES) {
            throw DependencyException.ofProgram("The program's header is longer than " + MOST_BYTES + " bytes.");
        }
        return Optional.of(text.toString());
    }

    private static ScriptHeader parsed(String toml) {
        JsonNode header;
        try {
            header = TOML.readTree(toml);
        } catch (JsonProcessingException e) {
            throw DependencyException.ofProgram("The program's header is not TOML: "
                    + Requirement.shown(e.getOriginalMessage()) + " (line "
                    + (e.getLocation() == null ? 0 : e.getLocation().getLineNr()) + " of it)");
        }
        JsonNode python = header.get("requires-python");
        if (python != null && !python.isTextual()) {
            throw DependencyException.ofProgram("requires-python of the program's header must be a text.");
        }
        return new ScriptHeader(
                Optional.ofNullable(python).map(JsonNode::textValue), requirements(header.get("dependencies")));
    }

    private static List<Requirement> requirements(JsonNode list) {
        List<Requirement> requirements = new ArrayList<>();
        if (list == null) {
            return requirements;
        }
        if (!list.isArray() || list.size() > MOST_DEPENDENCIES) {
            throw DependencyException.ofProgram(
                    "dependencies of the program's header must be a list of at most " + MOST_DEPENDENCIES + " texts.");
        }
        for (JsonNode one : list) {
            if (!one.isTextual()) {
                throw DependencyException.ofProgram("dependencies of the program's header must be texts.");
            }
            requirements.add(Requirement.of(one.textValue()));
        }
        return requirements;
    }
}
