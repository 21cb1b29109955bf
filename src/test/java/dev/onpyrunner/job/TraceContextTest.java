package dev.onpyrunner.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The header traceparent, as W3C Trace Context has it. */
class TraceContextTest {
    private static final String PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    @ParameterizedTest
    @ValueSource(
            strings = {
                PARENT,
                " " + PARENT + " ",
                "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what the future will be like"
            })
    void what_can_be_read_is_passed_on_in_the_version_that_is_known(String header) {
        assertThat(TraceContext.of(header)).contains(new TraceContext(PARENT));
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(
            strings = {
                "",
                "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                PARENT + "-more",
                PARENT + "0",
                PARENT + "\n",
                "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x"
            })
    void what_cannot_be_read_counts_for_nothing(String header) {
        assertThat(TraceContext.of(header == null ? null : header.replace("\n", "\nX: y")))
                .isEmpty();
    }

    @Test
    void one_that_is_long_counts_for_nothing_and_log_lines_have_its_id() {
        assertThat(TraceContext.of("01" + PARENT.substring(2) + "-" + "x".repeat(300)))
                .isEmpty();
        assertThat(TraceContext.logged(TraceContext.of(PARENT))).isEqualTo(", trace 4bf92f3577b34da6a3ce929d0e0e4736");
        assertThat(TraceContext.logged(Optional.empty())).isEmpty();
    }
}
