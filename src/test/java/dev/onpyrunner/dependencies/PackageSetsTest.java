package dev.onpyrunner.dependencies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is kept of packages is whole, bounded, and there as long as somebody uses it. */
class PackageSetsTest {
    private static final String A = "a".repeat(64);
    private static final String B = "b".repeat(64);
    private static final String C = "c".repeat(64);

    @TempDir
    private Path folder;

    @BeforeEach
    void openToAll() throws IOException {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private PackageSets open(long maxAgeMs) throws IOException {
        return PackageSets.open(folder, maxAgeMs, 100, Runnable::run);
    }

    private static PackageSets.Use add(PackageSets sets, String key, long bytes) throws IOException {
        Path made = Files.createDirectory(sets.begin().resolve("set"));
        Files.writeString(made.resolve("file"), key);
        return sets.add(key, sets.complete(key, made, bytes), bytes);
    }

    @Test
    void a_set_outlives_its_node_and_what_was_not_finished_does_not() throws IOException {
        try (PackageSets sets = open(60_000)) {
            add(sets, A, 10);
            Files.createDirectory(folder.resolve(B + ".1"));
            assertThatIOException().isThrownBy(() -> open(60_000)).withMessageContaining("another node uses");
        }
        try (PackageSets sets = open(60_000)) {
            assertThat(sets.use(A).orElseThrow().folder()).isDirectoryContaining("glob:**file");
            assertThat(sets.use(B)).isEmpty();
        }
        try (var left = Files.list(folder)) {
            assertThat(left.filter(Files::isDirectory))
                    .singleElement()
                    .asString()
                    .contains(A);
        }
    }

    @Test
    void those_go_first_that_nobody_has_used_for_longest_but_none_that_is_in_use() throws IOException {
        try (PackageSets sets = open(60_000)) {
            PackageSets.Use a = add(sets, A, 40);
            add(sets, B, 40).close();
            PackageSets.Use c = add(sets, C, 40);
            assertThat(sets.use(B)).isEmpty();
            c.close();
            PackageSets.Use b = add(sets, B, 90);
            assertThat(sets.use(C)).isEmpty();
            assertThat(a.folder()).exists();
            a.close();
            a.close();
            assertThat(a.folder()).doesNotExist();
            assertThat(b.folder()).exists();
        }
    }

    @Test
    void an_old_one_is_made_anew_and_stays_for_who_uses_it() throws IOException {
        try (PackageSets sets = open(-1)) {
            PackageSets.Use old = add(sets, A, 10);
            assertThat(sets.use(A)).isEmpty();
            assertThat(old.folder()).exists();
            old.close();
            assertThat(old.folder()).doesNotExist();
        }
    }

    @Test
    void a_folder_that_jails_cannot_reach_is_told() throws IOException {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
        assertThatIOException().isThrownBy(() -> open(1)).withMessageContaining("chmod o+x " + folder.toRealPath());
    }
}
