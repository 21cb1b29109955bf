package dev.onpyrunner.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The collection itself: complete, and every program can fail. */
class HostileProgramsTest {
    private static final Set<String> FAMILIES = Set.of(
            "processes",
            "memory",
            "time",
            "output",
            "files_in",
            "files_inside",
            "files_out",
            "kernel",
            "network",
            "other_jobs",
            "leftovers");
    private static final Set<String> OUTCOMES =
            Set.of("OK", "RUNTIME_ERROR", "SIGNALED", "CPU_LIMIT", "WALL_LIMIT", "MEMORY_LIMIT", "OUTPUT_LIMIT");

    private static List<HostileProgram> all() {
        return FAMILIES.stream().flatMap(f -> HostileProgram.family(f).stream()).toList();
    }

    @Test
    void every_folder_is_a_family() throws IOException {
        try (Stream<Path> folders = Files.list(HostileProgram.FOLDER)) {
            assertThat(folders.filter(Files::isDirectory)
                            .map(f -> f.getFileName().toString()))
                    .containsExactlyInAnyOrderElementsOf(FAMILIES);
        }
    }

    @Test
    void there_are_at_least_120_and_ten_of_each_family() {
        assertThat(all()).hasSizeGreaterThanOrEqualTo(120);
        assertThat(all().stream().collect(Collectors.groupingBy(HostileProgram::family, Collectors.counting())))
                .allSatisfy((family, count) -> assertThat(count).as(family).isGreaterThanOrEqualTo(10));
    }

    @Test
    void each_says_what_it_tries_and_what_must_happen() {
        assertThat(all()).allSatisfy(program -> {
            assertThat(program.tries()).isNotBlank();
            assertThat(program.ends())
                    .extracting(end -> end.replaceFirst(" .*", ""))
                    .isSubsetOf(OUTCOMES);
        });
    }

    /** A program that fails early, or is never reached, must not pass for one that was held. */
    @Test
    void each_that_ends_well_tells_of_it() {
        assertThat(all())
                .filteredOn(p -> p.one("Expect").startsWith("OK") && !p.family().equals("files_out"))
                .allSatisfy(p -> assertThat(p.all("Expect-line").size()
                                + p.all("Expect-bytes").size()
                                + p.all("Request").size())
                        .as(p.name())
                        .isPositive());
    }

    @Test
    void limits_that_end_a_program_are_small() {
        Map<String, Long> longest = Map.of("CPU_LIMIT", 1000L, "WALL_LIMIT", 2000L);
        assertThat(all())
                .allSatisfy(p -> longest.forEach((outcome, limit) -> {
                    if (p.one("Expect").contains(outcome)) {
                        String name = outcome.equals("CPU_LIMIT") ? "cpu_ms" : "wall_ms";
                        assertThat(p.limit("cpu_ms") + p.limit("wall_ms"))
                                .as(p.name())
                                .isPositive();
                        assertThat(p.limit(name)).as(p.name()).isLessThanOrEqualTo(limit);
                    }
                }));
    }
}
