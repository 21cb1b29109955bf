package dev.onpyrunner.doors;

import static org.assertj.core.api.Assertions.assertThat;

import dev.onpyrunner.job.JobId;
import io.vertx.core.buffer.Buffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Judge0TokenTest {
    private static final JobId JOB = new JobId("0-00000000000000000000000000");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a\\nb | a \\r\\nb\\n\\n \\n | true",
                "'' | \\n \\n | true",
                "\\n\\na | \\n \\na | true",
                "a\\n\\nb | a\\nb | false",
                "a b | a  b | false",
                "' a' | a | false",
                "a | a\\nb | false",
                "a | '' | false"
            })
    void white_space_at_ends_does_not_count(String expected, String written, boolean same) {
        Judge0Token token = Judge0Token.of(JOB, 71, Buffer.buffer(expected.translateEscapes()));
        assertThat(token.accepts(Buffer.buffer(written.translateEscapes()))).isEqualTo(same);
        assertThat(Judge0Token.parse(token.toString())).isEqualTo(token);
    }

    @Test
    void without_an_expectation_all_is_accepted() {
        Judge0Token token = Judge0Token.parse(Judge0Token.of(JOB, 71, null).toString());
        assertThat(token.accepts(Buffer.buffer("anything"))).isTrue();
    }
}
