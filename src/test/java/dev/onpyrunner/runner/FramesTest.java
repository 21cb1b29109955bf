package dev.onpyrunner.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.buffer.Buffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What comes from a jail is read strictly. */
class FramesTest {
    private static Buffer entry(String path, long size) {
        return Buffer.buffer().appendInt(path.length()).appendLong(size).appendString(path);
    }

    @Test
    void a_status_has_the_end_and_what_was_used() {
        Frames.Status exited = Frames.status(Buffer.buffer("E 137 1.250000 0.500999 9216\n"));
        assertThat(exited.exit()).isEqualTo(new Sandbox.Exit(Sandbox.Exit.Kind.EXITED, 137));
        assertThat(exited.cpuMs()).isEqualTo(1750);
        assertThat(exited.largestBytes()).isEqualTo(9216 * 1024);
        assertThat(Frames.status(Buffer.buffer("S 9 0.000000 0.000000 0\n")).exit())
                .isEqualTo(new Sandbox.Exit(Sandbox.Exit.Kind.SIGNALED, 9));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "E",
                "E 0",
                "E 0 0.0 0.0 1\n",
                "X 0 0.000000 0.000000 0\n",
                "E -1 0.000000 0.000000 0\n",
                "E 0 0.000000 0.000000 0\nE 0"
            })
    void anything_else_is_no_status(String text) {
        assertThatThrownBy(() -> Frames.status(Buffer.buffer(text))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void a_listing_is_read_whole() {
        Buffer bytes = entry("a.txt", 3).appendBuffer(entry("folder/b", 1L << 40));
        assertThat(Frames.listing(bytes))
                .extracting(r -> r.path().toString(), Frames.Entry::size)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("a.txt", 3L),
                        org.assertj.core.groups.Tuple.tuple("folder/b", 1L << 40));
    }

    @Test
    void a_listing_that_is_cut_off_or_lies_is_refused() {
        Buffer whole = entry("a.txt", 3);
        for (int length = 1; length < whole.length(); length++) {
            Buffer cut = whole.slice(0, length);
            assertThatThrownBy(() -> Frames.listing(cut)).isInstanceOf(IllegalArgumentException.class);
        }
        Buffer lie = Buffer.buffer().appendInt(-1).appendLong(0).appendString("x");
        assertThatThrownBy(() -> Frames.listing(lie)).isInstanceOf(IllegalArgumentException.class);
    }
}
