package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** The project's folder {@code nsjail}, copied and changed: to see that a test of the jail can fail. */
public final class ChangedJail {
    private ChangedJail() {}

    /** Copies it to a folder that does not exist yet, and changes the text of one file. */
    public static Path in(Path copy, String file, UnaryOperator<String> change) throws IOException {
        Path jail = Path.of("nsjail");
        try (Stream<Path> files = Files.walk(jail)) {
            for (Path from : files.toList()) {
                Files.copy(from, copy.resolve(jail.relativize(from).toString()));
            }
        }
        Path changed = copy.resolve(file);
        String text = Files.readString(changed);
        String other = change.apply(text);
        assertThat(other).isNotEqualTo(text);
        Files.writeString(changed, other);
        return copy;
    }
}
