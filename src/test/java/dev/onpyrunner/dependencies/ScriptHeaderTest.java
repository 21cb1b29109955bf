package dev.onpyrunner.dependencies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.vertx.core.buffer.Buffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a program says about itself is read as PEP 723 and 508 have it, and hostile text in no more time than any other. */
@Timeout(10)
class ScriptHeaderTest {
    private static List<String> names(String program) {
        return ScriptHeader.of(Buffer.buffer(program)).orElseThrow().dependencies().stream()
                .map(Requirement::name)
                .toList();
    }

    private static void refused(String program, String says) {
        assertThatExceptionOfType(DependencyException.class)
                .isThrownBy(() -> ScriptHeader.of(Buffer.buffer(program)))
                .withMessageContaining(says)
                .matches(DependencyException::isOfProgram);
    }

    private static String header(String toml) {
        return "# /// script\n# " + toml.replace("\n", "\n# ") + "\n# ///\n";
    }

    @Test
    void it_ends_at_the_last_end_of_its_comments() {
        assertThat(
                        names(
                                "import x\n# /// script\n# x = '''\n# ///\n# '''\n#\n# dependencies = ['a']\n# ///\n#\nprint()"))
                .containsExactly("a");
    }

    @Test
    void names_are_normalized() {
        assertThat(names("\r\n# /// script\r\n# dependencies = ['a', 'B_b.-c']\r\n#\r\n# ///\r\n"))
                .containsExactly("a", "b-b-c");
        assertThat(names(header("requires-python = '>=3'"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "#/// script\n# ///",
                "# /// script",
                "# /// script\n# dependencies = []\nx\n# ///",
                "# /// other\n# ///"
            })
    void what_is_no_header_is_a_comment(String program) {
        assertThat(ScriptHeader.of(Buffer.buffer(program))).isEmpty();
    }

    @Test
    void hostile_ones_are_refused() {
        refused(header("a = " + "[".repeat(8_000)), "not TOML");
        refused(header("a = " + "{a=".repeat(4_000)), "not TOML");
        refused(header("a" + ".a".repeat(8_000) + " = 1"), "not TOML");
        refused(header("a = 1" + "0".repeat(8_000)), "not TOML");
        refused(header("x = '" + "y".repeat(20_000) + "'"), "longer than 16384 bytes");
        refused(header("dependencies = [" + "'a',".repeat(101) + "]"), "at most 100");
        refused(header("dependencies = [1]"), "must be texts");
        refused(header("requires-python = 3"), "must be a text");
        refused(header("x = 1") + "\n" + header("x = 1"), "more than one header");
        assertThat(ScriptHeader.of(Buffer.buffer("\n".repeat(70_000) + header("x = 1"))))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "numpy",
                " numpy ",
                "numpy>=2",
                "numpy >= 2 , <3",
                "numpy(>=2)",
                "x[a, b-c]==1.*",
                "x[]",
                "a.b~=1.0",
                "x==1!2.0+local",
                "x; sys_platform == 'linux'",
                "x>=1 ; python_version < \"3.12\" and (extra == 'a' or os_name not in 'nt')",
                "x===1"
            })
    void requirements_of_an_index_are_taken(String text) {
        assertThat(Requirement.of(text).text()).isEqualTo(text.strip());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-r x",
                "--index-url=x",
                "a --hash=sha256:0",
                "a --config-settings=x",
                "a @ https://x/y.whl",
                "a@file:///x",
                "./a",
                "/a",
                "a/b",
                "git+https://x",
                "https://x/a.whl",
                "a\n-r x",
                "a;",
                "a; x == `1`",
                "a; x @ y",
                "a==1; x\n-r y",
                "a[b",
                "a-",
                "ä",
                "a==1 b",
                "a==\"1\"",
                "${HOME}",
                "a # comment",
                "a\\",
                "a==-1",
                "a; python_version == 'x' --hash=y",
                "a; b --find-links"
            })
    void whatever_leads_elsewhere_is_refused(String text) {
        assertThatExceptionOfType(DependencyException.class).isThrownBy(() -> Requirement.of(text));
    }

    @Test
    void no_requirement_takes_long_to_refuse() {
        for (String part : List.of("a", "a-", "[a,", ">=1,", "; a", "; (", "; 'a' ", " ", "\t;")) {
            assertThatExceptionOfType(DependencyException.class)
                    .isThrownBy(() -> Requirement.of("a" + part.repeat(250 / part.length()) + "\u0000"));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            >=3.11          | true
            >=3.11.3        | false
            >3.11.2         | false
            >3.11           | true
            <4,>=3.8        | true
            ==3.11.*        | true
            ==3.11          | false
            !=3.11.*        | false
            ~=3.9           | true
            ~=3.11.1        | true
            ~=3.10.1        | false
            <=3.11          | false
            """)
    void versions_of_python(String versions, boolean include) {
        assertThat(PythonVersions.include(versions, "3.11.2")).isEqualTo(include);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "3.11", ">=", "~=3", ">=3.*", ">=3.11a1", ">=3.11,", ">=99999999999"})
    void what_is_no_version_is_refused(String versions) {
        assertThatExceptionOfType(DependencyException.class)
                .isThrownBy(() -> PythonVersions.include(versions, "3.11.2"))
                .withMessageContaining("requires-python cannot be read");
    }
}
