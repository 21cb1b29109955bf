package dev.onpyrunner.runner;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class StackDumpTest {
    private static final String STACK = """
            Thread 0x00007fe43b1ff6c0 (most recent call first):
              File "/usr/lib/python3.11/threading.py", line 320 in wait
              File "/work/main.py", line 4 in loop

            Current thread 0x00007fe43c667040 (most recent call first):
              File "/work/main.py", line 9 in <module>
            """;

    private static StackDump split(String text) {
        return StackDump.split(Buffer.buffer(text));
    }

    @Test
    void nothing_is_no_stack() {
        assertThat(split("").stack()).isNull();
        assertThat(split("").rest().length()).isZero();
    }

    @Test
    void a_stack_alone_is_whole_and_leaves_nothing() {
        assertThat(split(STACK).stack()).isEqualTo(STACK);
        assertThat(split(STACK).rest().length()).isZero();
    }

    @Test
    void what_the_program_wrote_before_and_after_stays_its_output() {
        StackDump dump = split("before\n" + STACK + "after\n  indented\n");
        assertThat(dump.stack()).isEqualTo(STACK);
        assertThat(dump.rest()).hasToString("before\nafter\n  indented\n");
    }

    @Test
    void a_line_without_end_before_the_stack_stays_output() {
        StackDump dump = split("50 % ..." + STACK);
        assertThat(dump.stack()).isEqualTo(STACK);
        assertThat(dump.rest()).hasToString("50 % ...");
    }

    @Test
    void output_alone_is_no_stack_and_keeps_its_bytes() {
        Buffer bytes = Buffer.buffer(new byte[] {'a', (byte) 0xff, '\n', 'b'});
        StackDump dump = StackDump.split(bytes);
        assertThat(dump.stack()).isNull();
        assertThat(dump.rest()).isEqualTo(bytes);
    }

    /** The program may write what it likes there: reading it must take time in proportion to its length. */
    @Test
    @Timeout(20)
    void text_made_to_take_long_is_read_in_no_time() {
        String heading = "Current thread 0x00007fe5 (most recent call first):\n";
        for (String hostile :
                List.of(" in ", "Thread 0x1 [", "  File ", "Current thread 0x", "<", " (most recent call first):")) {
            String line = "  File " + hostile.repeat(260_000 / hostile.length()) + "\r";
            assertThat(split(heading + line).rest()).hasToString(line);
            assertThat(split(heading + "  <" + line + "\n" + STACK).stack())
                    .startsWith(heading)
                    .endsWith(STACK);
        }
        assertThat(split((heading + "\n").repeat(5_000)).stack()).hasSizeLessThanOrEqualTo(65_536);
    }

    @Test
    void a_thread_without_frames_and_a_cut_list_are_stack() {
        String text = """
                Thread 0x00007fe4 (most recent call first):
                  <no Python frame>

                Current thread 0x00007fe5 (most recent call first):
                  File "/work/a.py", line 1 in f
                  ...
                """;
        assertThat(split(text).stack()).isEqualTo(text);
    }
}
