package dev.onpyrunner.ordinary;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A program as people write them, with what it is given. {@code src/test/resources/ordinary/README.md} has the format.
 *
 * @param files everything that lies in its folder, the program itself among them, by path
 */
record OrdinaryProgram(String name, Map<String, String> files, List<String> args, String stdin) {
    static final String ENTRY = "main.py";

    private static final Path FOLDER = Path.of("src/test/resources/ordinary");
    private static final Pattern LINE = Pattern.compile("# (File|Arg|Stdin|Stdin-repeat):(?: (.*))?");

    static List<OrdinaryProgram> all() throws IOException {
        try (Stream<Path> programs = Files.list(FOLDER)) {
            return programs.filter(p -> p.toString().endsWith(".py"))
                    .sorted()
                    .map(OrdinaryProgram::read)
                    .toList();
        }
    }

    static OrdinaryProgram named(String name) {
        return read(FOLDER.resolve(name + ".py"));
    }

    private static OrdinaryProgram read(Path program) {
        String source;
        try {
            source = Files.readString(program);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Map<String, String> files = new LinkedHashMap<>();
        List<String> args = new ArrayList<>();
        StringBuilder stdin = new StringBuilder();
        for (String line : source.lines().takeWhile(l -> l.startsWith("#")).toList()) {
            Matcher parts = LINE.matcher(line);
            if (!parts.matches()) {
                throw new IllegalArgumentException(program + ": not a line of a header: " + line);
            }
            String value = parts.group(2) == null ? "" : parts.group(2);
            switch (parts.group(1)) {
                case "File" -> {
                    int equals = value.indexOf('=');
                    files.put(
                            value.substring(0, equals),
                            value.substring(equals + 1).replace("\\n", "\n"));
                }
                case "Arg" -> args.add(value);
                case "Stdin" -> stdin.append(value).append('\n');
                default -> {
                    int space = value.indexOf(' ');
                    String repeated = value.substring(space + 1) + "\n";
                    int bytes = repeated.getBytes(StandardCharsets.UTF_8).length;
                    stdin.append(repeated.repeat(Integer.parseInt(value.substring(0, space)) / bytes + 1));
                }
            }
        }
        files.put(ENTRY, source);
        String name = program.getFileName().toString().replaceFirst("\\.py$", "");
        return new OrdinaryProgram(name, files, args, stdin.toString());
    }
}
