package dev.onpyrunner.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.onpyrunner.http.Problem.FieldError;
import dev.onpyrunner.http.Problem.Kind;
import dev.onpyrunner.job.Allowance;
import dev.onpyrunner.job.JobFile;
import dev.onpyrunner.job.JobSpec;
import dev.onpyrunner.job.Limits;
import dev.onpyrunner.job.RuntimeCatalog;
import io.vertx.core.buffer.Buffer;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a request body becomes. {@code ProblemsIT} has what it is refused for. */
class JobReaderTest {
    private static final Limits DEFAULTS = new Limits(5_000, 10_000, 120_000, 1 << 28, 1 << 20, 64, 1 << 26);
    private static final Limits MAXIMUM = new Limits(60_000, 600_000, 600_000, 1 << 30, 1 << 24, 256, 1 << 28);

    /** Small caps, to be near them. */
    static final HttpSettings SETTINGS = new HttpSettings(
            "127.0.0.1",
            0,
            60,
            10,
            List.of(),
            "",
            List.of(),
            true,
            new HttpSettings.Caps(10_000, 100, 10, 3, 2, 5),
            new RuntimeCatalog("python3.11", List.of()),
            Allowance.USUAL,
            DEFAULTS,
            MAXIMUM,
            3600,
            86_400,
            2,
            10);

    private static JobSpec read(String json) {
        return JobReader.json(Buffer.buffer(json), SETTINGS);
    }

    private static Problem refused(String json) {
        Problem.Thrown thrown = catchThrowableOfType(Problem.Thrown.class, () -> read(json));
        assertThat(thrown).as(json).isNotNull();
        return thrown.problem();
    }

    private static List<String> pointers(String json) {
        return refused(json).errors().stream().map(FieldError::pointer).toList();
    }

    @Test
    void the_least_there_can_be_has_every_default() {
        JobSpec spec = read("{\"source\":\"print(1)\"}");
        assertThat(spec.files()).containsExactly(new JobFile("main.py", Buffer.buffer("print(1)")));
        assertThat(spec.entry()).isEqualTo("main.py");
        assertThat(spec.stdin().length()).isZero();
        assertThat(spec.args()).isEmpty();
        assertThat(spec.env()).isEmpty();
        assertThat(spec.runtime()).isEqualTo("python3.11");
        assertThat(spec.limits()).isEqualTo(DEFAULTS);
        assertThat(spec.priority()).isEqualTo(4);
        assertThat(spec.retentionS()).isEqualTo(3600);
        assertThat(spec.maxStarts()).isEqualTo(2);
    }

    @Test
    void a_plain_program_is_the_same_as_its_source() {
        assertThat(JobReader.program(Buffer.buffer("print(1)"), SETTINGS)).isEqualTo(read("{\"source\":\"print(1)\"}"));
        byte[] notUtf8 = {(byte) 0xff, 0};
        assertThat(JobReader.program(Buffer.buffer(notUtf8), SETTINGS)
                        .files()
                        .get(0)
                        .content()
                        .getBytes())
                .isEqualTo(notUtf8);
    }

    @Test
    void source_goes_into_the_file_that_entry_names() {
        JobSpec spec =
                read("{\"source\":\"1\",\"entry\":\"a/b.py\",\"files\":[{\"path\":\"a/c.py\",\"content\":\"\"}]}");
        assertThat(spec.files()).extracting(JobFile::path).containsExactly("a/b.py", "a/c.py");
    }

    @Test
    void limits_that_are_left_out_have_their_default() {
        Limits limits = read("{\"source\":\"1\",\"limits\":{\"cpu_ms\":60000,\"processes\":1}}")
                .limits();
        assertThat(limits)
                .isEqualTo(new Limits(
                        60_000,
                        DEFAULTS.wallMs(),
                        DEFAULTS.idleMs(),
                        DEFAULTS.memoryBytes(),
                        DEFAULTS.outputBytes(),
                        1,
                        DEFAULTS.diskBytes()));
        assertThat(pointers("{\"source\":\"1\",\"limits\":{\"cpu_ms\":60001}}")).containsExactly("/limits/cpu_ms");
    }

    @Test
    void what_is_just_within_a_cap_is_taken() {
        String x100 = "x".repeat(100);
        assertThat(read("{\"source\":\"" + x100 + "\"}").files()).hasSize(1);
        assertThat(read("{\"source\":\"1\",\"stdin\":\"1234567890\"}").stdin().length())
                .isEqualTo(10);
        assertThat(read("{\"source\":\"1\",\"stdin_base64\":\"MTIzNDU2Nzg5MA==\"}")
                        .stdin())
                .hasToString("1234567890");
        assertThat(read("{\"source\":\"1\",\"args\":[\"12345\",\"üü\"]}").args())
                .containsExactly("12345", "üü");
        assertThat(read("{\"source\":\"1\",\"env\":{\"A\":\"12345\",\"B\":\"\"}}")
                        .env())
                .isEqualTo(Map.of("A", "12345", "B", ""));
    }

    @Test
    void what_is_just_over_a_cap_is_too_large() {
        Map<String, String> cases = Map.of(
                "/files", "{\"source\":\"" + "x".repeat(101) + "\"}",
                "/stdin", "{\"source\":\"1\",\"stdin\":\"12345678901\"}",
                "/stdin_base64", "{\"source\":\"1\",\"stdin_base64\":\"MTIzNDU2Nzg5MDE=\"}",
                "/args", "{\"source\":\"1\",\"args\":[\"\",\"\",\"\"]}",
                "/args/0", "{\"source\":\"1\",\"args\":[\"üüü\"]}",
                "/env", "{\"source\":\"1\",\"env\":{\"A\":\"\",\"B\":\"\",\"C\":\"\"}}",
                "/env/A", "{\"source\":\"1\",\"env\":{\"A\":\"123456\"}}",
                "/env/ABCDEF", "{\"source\":\"1\",\"env\":{\"ABCDEF\":\"\"}}");
        cases.forEach((pointer, json) -> {
            assertThat(refused(json).kind()).as(json).isEqualTo(Kind.TOO_LARGE);
            assertThat(pointers(json)).containsExactly(pointer);
        });
        Problem.Thrown program = catchThrowableOfType(
                Problem.Thrown.class, () -> JobReader.program(Buffer.buffer("x".repeat(101)), SETTINGS));
        assertThat(program.problem().kind()).isEqualTo(Kind.TOO_LARGE);
    }

    @Test
    void what_is_wrong_goes_before_what_is_too_large_and_both_are_said() {
        String json = "{\"source\":\"1\",\"stdin\":\"12345678901\",\"priority\":9}";
        assertThat(refused(json).kind()).isEqualTo(Kind.INVALID_JOB);
        assertThat(pointers(json)).containsExactly("/priority", "/stdin");
    }

    @Test
    void the_files_must_fit_on_the_disk_page_by_page() {
        String two = "{\"source\":\"1\",\"files\":[{\"path\":\"a\",\"content\":\"1\"}],\"limits\":{\"disk_bytes\":%d}}";
        assertThat(read(two.formatted(8192)).limits().diskBytes()).isEqualTo(8192);
        assertThat(pointers(two.formatted(8191))).containsExactly("/limits/disk_bytes");
    }

    @Test
    void an_entry_that_the_interpreter_would_take_for_an_option_is_refused() {
        assertThat(pointers("{\"source\":\"1\",\"entry\":\"-c\"}")).containsExactly("/entry");
    }

    @Test
    void a_bad_entry_is_said_once() {
        assertThat(pointers("{\"source\":\"1\",\"entry\":\"../x\"}")).containsExactly("/entry");
        assertThat(pointers("{\"source\":\"1\",\"entry\":5}")).containsExactly("/entry");
    }

    @Test
    void patterns_of_files_to_hand_back_are_read_and_each_bad_one_is_named() {
        assertThat(read("{\"source\":\"1\"}").collect()).isEmpty();
        assertThat(read("{\"source\":\"1\",\"collect\":[\"*.png\",\"out/**\"]}").collect())
                .containsExactly("*.png", "out/**");
        assertThat(pointers("{\"source\":\"1\",\"collect\":[\"a\",\"../b\",\"\",7,\"\\ud800\",\"[a\"]}"))
                .containsExactly("/collect/1", "/collect/2", "/collect/3", "/collect/4", "/collect/5");
        String many = String.join(",", Collections.nCopies(32, "\"a\""));
        assertThat(read("{\"source\":\"1\",\"collect\":[" + many + "]}").collect())
                .hasSize(32);
        assertThat(pointers("{\"source\":\"1\",\"collect\":[" + many + ",\"a\"]}"))
                .containsExactly("/collect");
    }

    @Test
    void names_of_fields_are_escaped_in_pointers() {
        assertThat(pointers("{\"source\":\"1\",\"a/b~c\":1}")).containsExactly("/a~1b~0c");
    }

    @Test
    void a_spec_read_from_its_own_json_is_the_same() {
        JobSpec spec = read("{\"source\":\"1\",\"stdin_base64\":\"/w==\",\"args\":[\"a\"],\"env\":{\"A\":\"b\"},"
                + "\"collect\":[\"*\"]}");
        assertThat(read(spec.toJson().encode())).isEqualTo(spec);
        assertThat(JobSpec.fromJson(spec.toJson())).isEqualTo(spec);
    }
}
