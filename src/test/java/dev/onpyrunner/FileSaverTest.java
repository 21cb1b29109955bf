package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileSaverTest {
    private static final List<String> ALL = List.of("**");

    @TempDir
    private Path temp;

    private Path folder;

    @BeforeEach
    void makeFolder() throws IOException {
        folder = Files.createDirectory(temp.resolve("folder"));
    }

    private static ArrayNode files(String... paths) {
        ArrayNode list = TestNode.JSON.createArrayNode();
        for (String path : paths) {
            list.addObject().put("path", path).put("size_bytes", 3).put("url", "http://elsewhere/" + path);
        }
        return list;
    }

    private static List<String> save(FileSaver saver, String... paths) throws InterruptedException {
        return saver.save(files(paths), (path, most) -> "new".getBytes(StandardCharsets.UTF_8));
    }

    private List<String> below(Path root) throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            return all.filter(f -> !Files.isDirectory(f, LinkOption.NOFOLLOW_LINKS))
                    .map(f -> root.relativize(f).toString())
                    .sorted()
                    .toList();
        }
    }

    @Test
    void files_are_saved_at_their_paths() throws Exception {
        FileSaver saver = new FileSaver(folder.resolve("not/there/yet"), List.of("*.txt", "out/**"), false);
        assertThat(save(saver, "a b.txt", "out/deep/er.bin", "out/x", ".txt")).isEmpty();
        assertThat(below(folder.resolve("not/there/yet")))
                .containsExactly(".txt", "a b.txt", "out/deep/er.bin", "out/x");
        assertThat(folder.resolve("not/there/yet/out/x")).hasContent("new");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../out",
                "/tmp/onpyrunner-escape",
                "a/../../out",
                "..",
                ".",
                "",
                "a//b",
                "a/",
                "./a",
                "a\0b",
                "x/."
            })
    void a_path_out_of_the_folder_is_not_followed(String path) throws Exception {
        List<String> read = new ArrayList<>();
        List<String> failed = new FileSaver(folder, ALL, true).save(files(path), (p, most) -> {
            read.add(p);
            return new byte[0];
        });
        assertThat(failed).hasSize(1).allMatch(s -> s.endsWith("was not asked for and is not saved"));
        assertThat(read).isEmpty();
        assertThat(below(temp)).isEmpty();
        assertThat(Path.of("/tmp/onpyrunner-escape")).doesNotExist();
    }

    @Test
    void what_was_not_asked_for_is_not_saved() throws Exception {
        FileSaver saver = new FileSaver(folder, List.of("*.txt"), true);
        assertThat(save(saver, "a.txt", ".bashrc", "d/a.txt"))
                .containsExactly(
                        ".bashrc was not asked for and is not saved", "d/a.txt was not asked for and is not saved");
        assertThat(below(folder)).containsExactly("a.txt");
    }

    @Test
    void no_link_is_followed_whether_files_may_be_replaced_or_not() throws Exception {
        Path outside = Files.createDirectory(temp.resolve("outside"));
        Path victim = Files.writeString(outside.resolve("victim"), "old");
        for (boolean replace : new boolean[] {false, true}) {
            Files.createSymbolicLink(folder.resolve("dir"), outside);
            Files.createSymbolicLink(folder.resolve("file"), victim);
            Files.createSymbolicLink(folder.resolve("nowhere"), outside.resolve("made"));
            List<String> failed = save(new FileSaver(folder, ALL, replace), "dir/victim", "dir/x/y", "file", "nowhere");
            assertThat(failed).hasSize(replace ? 2 : 4).allMatch(s -> s.contains(" is there already"));
            assertThat(below(outside)).containsExactly("victim");
            assertThat(victim).hasContent("old");
            assertThat(Files.isSymbolicLink(folder.resolve("file"))).isEqualTo(!replace);
            for (String name : List.of("dir", "file", "nowhere")) {
                Files.delete(folder.resolve(name));
            }
        }
        assertThat(below(folder)).isEmpty();
    }

    @Test
    void a_file_that_is_there_is_left_unless_it_may_be_replaced() throws Exception {
        Path mine = Files.writeString(folder.resolve("mine.txt"), "old");
        assertThat(save(new FileSaver(folder, ALL, false), "mine.txt", "other.txt"))
                .containsExactly("mine.txt is not saved: " + mine + " is there already (--force replaces files)");
        assertThat(mine).hasContent("old");
        assertThat(folder.resolve("other.txt")).hasContent("new");
        assertThat(save(new FileSaver(folder, ALL, true), "mine.txt")).isEmpty();
        assertThat(mine).hasContent("new");
        assertThat(save(new FileSaver(folder, ALL, false), "mine.txt"))
                .as("the same content")
                .isEmpty();
        assertThat(below(folder)).containsExactly("mine.txt", "other.txt");
    }

    @Test
    void a_file_and_a_folder_do_not_replace_each_other() throws Exception {
        Files.writeString(folder.resolve("file"), "old");
        Files.createDirectory(folder.resolve("dir"));
        for (boolean replace : new boolean[] {false, true}) {
            assertThat(save(new FileSaver(folder, ALL, replace), "file/x", "dir"))
                    .hasSize(2)
                    .allMatch(s -> s.contains("is there already"));
        }
        assertThat(below(folder)).containsExactly("file");
        assertThat(folder.resolve("dir")).isEmptyDirectory();
    }

    @Test
    void what_cannot_be_read_is_said_and_the_rest_is_saved() throws Exception {
        List<Long> most = new ArrayList<>();
        List<String> failed = new FileSaver(folder, ALL, false).save(files("a", "b", "c"), (path, limit) -> {
            most.add(limit);
            if (path.equals("b")) {
                throw new IOException("the server answered 410");
            }
            return new byte[1 << 20];
        });
        assertThat(failed).containsExactly("b is not saved: the server answered 410");
        assertThat(below(folder)).containsExactly("a", "c");
        assertThat(most).containsExactly(16L << 20, 15L << 20, 15L << 20);
    }

    @Test
    void a_name_does_nothing_to_the_terminal() throws Exception {
        FileSaver saver = new FileSaver(folder, List.of("a"), false);
        assertThat(save(saver, "\u001b[2Jx\n\u202ey")).containsExactly("?[2Jx??y was not asked for and is not saved");
    }

    @Test
    void what_no_file_matches_is_said() throws Exception {
        FileSaver saver = new FileSaver(folder, List.of("*.png", "*.txt", "a/**"), false);
        assertThat(saver.missing(files("x.txt"))).containsExactly("no file matches '*.png'", "no file matches 'a/**'");
        assertThat(saver.missing(files("x.txt", "y.png", "a/b"))).isEmpty();
    }

    @Test
    void mistakes_are_said_before_anything_is_run() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "");
        assertThatThrownBy(() -> new FileSaver(folder, List.of("a", "../b"), false))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("--collect '../b': The pattern");
        assertThatThrownBy(() -> new FileSaver(folder, Collections.nCopies(33, "a"), false))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> new FileSaver(file, List.of("a"), false))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is not a folder");
    }
}
