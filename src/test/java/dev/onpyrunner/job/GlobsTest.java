package dev.onpyrunner.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class GlobsTest {
    private static boolean matches(String pattern, String path) {
        return Globs.of(List.of(pattern)).matches(path);
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "a.txt,a.txt",
                "*,a.txt",
                "*,.hidden",
                "*.txt,.txt",
                "*.txt,a.b.txt",
                "a*c,ac",
                "a**c,abbc",
                "*a*b*,xxaxxbxx",
                "?,😀",
                "???,a😀c",
                "out/*,out/a",
                "*/*,out/a",
                "out/*.csv,out/a.csv",
                "**,a",
                "**,a/b/c",
                "**/*.png,a.png",
                "**/*.png,a/b/c.png",
                "out/**,out/a/b",
                "out/**,out",
                "a/**/b,a/b",
                "a/**/b,a/x/y/b",
                "**/a/**/b/**,x/a/y/b",
                "**/**,a",
                "[abc],b",
                "[a-c],b",
                "[!a],b",
                "[!a-c],d",
                "[]],]",
                "[]a],a",
                "[!]],a",
                "[a-],-",
                "[-a],-",
                "[\\]],]",
                "[\\!a],!",
                "[a\\-c],-",
                "[[],[",
                "[*],*",
                "[😀-😂],😁",
                "\\*,*",
                "\\[a],[a]",
                "\\\\,\\",
                "\\a,a",
                "],]",
                "a b,a b",
                "{a},{a}",
                "ä*,äö"
            })
    void a_pattern_matches(String pattern, String path) {
        assertThat(matches(pattern, path)).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "a.txt,b.txt",
                "a.txt,A.txt",
                "a.txt,out/a.txt",
                "*.txt,out/a.txt",
                "*,a/b",
                "out/*,out/a/b",
                "out/*,out",
                "out/*,xout/a",
                "?,ab",
                "??,😀",
                "a?c,a/c",
                "a*c,a/c",
                "[!a],/",
                "a**b,a/b",
                "a/**/b,a/x",
                "a/**/b,ab",
                "**/b,a/bc",
                "out/**,outside",
                "[abc],d",
                "[a-c],d",
                "[!a-c],b",
                "[a\\-c],b",
                "[abc],abc",
                "\\*,a",
                "\\[a],a",
                "*.png,a.pngx",
                "*.png,a.PNG",
                "a,a/b",
                "a/b,a"
            })
    void a_pattern_does_not_match(String pattern, String path) {
        assertThat(matches(pattern, path)).isFalse();
    }

    @Test
    void one_of_several_patterns_is_enough_and_none_match_nothing() {
        Globs globs = Globs.of(List.of("*.csv", "out/*"));
        assertThat(Stream.of("a.csv", "out/b", "b", "out/b/c").filter(globs::matches))
                .containsExactly("a.csv", "out/b");
        assertThat(Globs.of(List.of()).matches("a")).isFalse();
    }

    static Stream<String> bad() {
        return Stream.of(
                "",
                "/",
                "/a",
                "..",
                "../a",
                "a/../b",
                "a/..",
                ".",
                "./a",
                "a//b",
                "a/",
                "a\0b",
                "\ud83d",
                "[a",
                "[",
                "[]",
                "[!]",
                "[a\\]",
                "a/[b/c]",
                "a\\",
                "a\\/b",
                "[c-a]",
                "x".repeat(257));
    }

    @ParameterizedTest
    @MethodSource("bad")
    void a_pattern_that_can_match_no_file_or_makes_no_sense_is_refused_with_a_sentence(String pattern) {
        assertThat(Globs.problem(pattern)).matches("The pattern .*\\..*");
        assertThatThrownBy(() -> Globs.of(List.of(pattern))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void as_many_and_as_long_patterns_as_are_allowed_are_taken() {
        assertThat(Globs.problem("😀".repeat(256))).isNull();
        assertThat(Globs.of(Collections.nCopies(32, "a")).matches("a")).isTrue();
        assertThatThrownBy(() -> Globs.of(Collections.nCopies(33, "a"))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void hostile_patterns_take_no_longer_than_others() {
        List<String> names = List.of("*a".repeat(127) + "b", "*?".repeat(127) + "b", "*[!b]".repeat(50) + "b");
        List<String> steps = List.of("**/a/".repeat(51) + "b", "**/*a*a*b/".repeat(25) + "b", "**/".repeat(85) + "b");
        String longName = "a".repeat(255);
        String longPath = "a/".repeat(511) + "a";
        Globs globs = Globs.of(Stream.concat(names.stream(), steps.stream())
                .limit(Globs.MAX_PATTERNS)
                .toList());
        Assertions.assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            for (int i = 0; i < 256; i++) {
                assertThat(globs.matches(longName)).isFalse();
                assertThat(globs.matches(longPath)).isFalse();
                assertThat(globs.matches((longName + "/").repeat(3) + longName)).isFalse();
            }
        });
    }

    @Test
    void random_patterns_match_what_the_definition_says() {
        Random random = new Random(4);
        String[] pieces = {"a", "b", "*", "?", "**", "/", "/**/", "[ab]", "[!a]", "[a-b]", "\\*", "\\b"};
        String[] letters = {"a", "b", "*", "/"};
        int matched = 0;
        int tried = 0;
        while (tried < 200_000) {
            String pattern = text(random, pieces, 6);
            String path = text(random, letters, 7);
            if (Globs.problem(pattern) != null || JobFile.pathProblem(path) != null) {
                continue;
            }
            tried++;
            boolean expected = anyStep(pattern.split("/"), 0, path.split("/"), 0);
            assertThat(matches(pattern, path)).as("%s on %s", pattern, path).isEqualTo(expected);
            matched += expected ? 1 : 0;
        }
        assertThat(matched).isBetween(10_000, 190_000);
    }

    private static String text(Random random, String[] pieces, int most) {
        return random.ints(1 + random.nextInt(most), 0, pieces.length)
                .mapToObj(i -> pieces[i])
                .collect(Collectors.joining());
    }

    /** The definition, word by word: slow, but there is little that could be wrong with it. */
    private static boolean anyStep(String[] pattern, int p, String[] path, int n) {
        if (p == pattern.length) {
            return n == path.length;
        }
        if (pattern[p].equals("**")) {
            return anyStep(pattern, p + 1, path, n) || (n < path.length && anyStep(pattern, p, path, n + 1));
        }
        return n < path.length && name(pattern[p], path[n]) && anyStep(pattern, p + 1, path, n + 1);
    }

    private static boolean name(String pattern, String name) {
        if (pattern.isEmpty()) {
            return name.isEmpty();
        }
        if (pattern.charAt(0) == '*') {
            return name(pattern.substring(1), name) || (!name.isEmpty() && name(pattern, name.substring(1)));
        }
        if (name.isEmpty()) {
            return false;
        }
        String set = Stream.of("[ab]", "[!a]", "[a-b]", "\\*", "\\b", "?")
                .filter(pattern::startsWith)
                .findFirst()
                .orElse(pattern.substring(0, 1));
        String allowed = switch (set) {
            case "[ab]", "[a-b]" -> "ab";
            case "[!a]" -> "b*";
            case "\\*" -> "*";
            case "\\b" -> "b";
            case "?" -> "ab*";
            default -> set;
        };
        return allowed.indexOf(name.charAt(0)) >= 0 && name(pattern.substring(set.length()), name.substring(1));
    }
}
