package dev.onpyrunner.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.buffer.Buffer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JobFileTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "main.py",
                "a/b/c.txt",
                ".hidden",
                "..x",
                "x..",
                "...",
                "a b",
                "ä/😀.py",
                "a\\b",
                "-rf",
                "~",
                "a:b",
                "a\nb"
            })
    void a_relative_path_is_taken(String path) {
        assertThat(JobFile.pathProblem(path)).isNull();
        assertThat(new JobFile(path, Buffer.buffer()).path()).isEqualTo(path);
    }

    static Stream<String> bad() {
        return Stream.of(
                "",
                "/",
                "/etc/passwd",
                "..",
                ".",
                "../x",
                "a/../b",
                "a/..",
                "./a",
                "a/.",
                "a//b",
                "a/",
                "a\0b",
                "\0",
                "\ud83d",
                "\ude00",
                "\ude00\ud83d",
                "x".repeat(256),
                "ä".repeat(128),
                "x/".repeat(512) + "x");
    }

    @ParameterizedTest
    @MethodSource("bad")
    void a_path_out_of_the_folder_or_that_no_file_can_have_is_refused_with_a_sentence(String path) {
        assertThat(JobFile.pathProblem(path)).matches("(The|A part of the) path .*\\.");
        assertThatThrownBy(() -> new JobFile(path, Buffer.buffer())).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void names_and_paths_may_be_as_long_as_linux_lets_them() {
        assertThat(JobFile.pathProblem("x".repeat(255))).isNull();
        assertThat(JobFile.pathProblem("ä".repeat(127) + "x")).isNull();
        assertThat(JobFile.pathProblem("x/".repeat(511) + "xx")).isNull();
    }
}
