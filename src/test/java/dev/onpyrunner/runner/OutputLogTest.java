package dev.onpyrunner.runner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.onpyrunner.job.JobEvent;
import dev.onpyrunner.job.Output;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class OutputLogTest {
    private static final long FENCE = 77;

    private static String text(List<JobEvent> events, String kind) {
        StringBuilder text = new StringBuilder();
        events.stream().filter(e -> e.kind().equals(kind)).forEach(e -> text.append(e.data()));
        return text.toString();
    }

    private static Buffer bytes(List<JobEvent> events) {
        Buffer all = Buffer.buffer();
        events.forEach(e -> all.appendBuffer(e.data()));
        return all;
    }

    @Test
    void a_character_written_in_two_halves_comes_out_whole() {
        OutputLog log = new OutputLog(FENCE, 1000);
        byte[] euro = "€".getBytes(StandardCharsets.UTF_8);
        log.add(false, Buffer.buffer().appendByte(euro[0]).appendByte(euro[1]), 1);
        assertThat(log.take()).isEmpty();
        log.add(true, Buffer.buffer("between"), 1);
        log.add(false, Buffer.buffer().appendByte(euro[2]), 2);
        List<JobEvent> events = log.take();
        assertThat(text(events, JobEvent.OUT)).isEqualTo("€");
        assertThat(text(events, JobEvent.ERR)).isEqualTo("between");
    }

    @Test
    void what_was_handed_over_is_kept_while_it_is_little() {
        OutputLog log = new OutputLog(FENCE, 1 << 20);
        log.add(false, Buffer.buffer("a"), 1);
        log.add(true, Buffer.buffer("b"), 1);
        assertThat(log.taken()).contains(Output.none());
        log.take();
        log.add(false, Buffer.buffer("c"), 2);
        log.addInput(Buffer.buffer("typed"), 2);
        log.take();
        assertThat(log.taken()).contains(new Output(Buffer.buffer("ac"), Buffer.buffer("b")));
        log.add(false, Buffer.buffer("x".repeat(20_000)), 3);
        log.take();
        assertThat(log.taken()).isEmpty();
        log.add(false, Buffer.buffer("d"), 4);
        log.take();
        assertThat(log.taken()).isEmpty();
    }

    @Test
    void half_a_character_at_the_very_end_is_kept_as_bytes() {
        OutputLog log = new OutputLog(FENCE, 1000);
        log.add(false, Buffer.buffer(new byte[] {'a', (byte) 0xe2, (byte) 0x82}), 1);
        log.flush(2);
        assertThat(bytes(log.take()).getBytes()).isEqualTo(new byte[] {'a', (byte) 0xe2, (byte) 0x82});
    }

    @Test
    void output_over_the_cap_is_cut_between_characters_and_never_longer_than_the_cap() {
        OutputLog log = new OutputLog(FENCE, 4);
        assertThat(log.add(false, Buffer.buffer("€€"), 1)).isFalse();
        log.flush(1);
        assertThat(bytes(log.take()).toString()).isEqualTo("€");
        assertThat(log.isStdoutOver()).isTrue();
        assertThat(log.isStderrOver()).isFalse();
        assertThat(log.add(true, Buffer.buffer("x"), 1)).isFalse();
        assertThat(log.take()).isEmpty();
    }

    @Test
    void output_of_exactly_the_cap_is_not_over_it() {
        OutputLog log = new OutputLog(FENCE, 6);
        assertThat(log.add(false, Buffer.buffer("€€"), 1)).isTrue();
        assertThat(log.isOver()).isFalse();
        assertThat(bytes(log.take()).toString()).isEqualTo("€€");
    }

    @Test
    void numbers_count_up_from_two_without_a_gap() {
        OutputLog log = new OutputLog(FENCE, 1 << 20);
        log.add(false, Buffer.buffer("a"), 1);
        log.add(true, Buffer.buffer("b"), 1);
        List<JobEvent> events = new ArrayList<>(log.take());
        log.add(true, Buffer.buffer("c"), 1);
        events.addAll(log.take());
        assertThat(events).extracting(e -> e.id().n()).containsExactly(2L, 3L, 4L);
        assertThat(events).allMatch(e -> e.id().fence() == 77);
        assertThat(log.nextN()).isEqualTo(5);
    }

    @RepeatedTest(200)
    void whatever_the_pieces_bytes_stay_and_each_event_decodes_alone(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        Buffer whole = Buffer.buffer();
        while (whole.length() < 60_000) {
            switch (random.nextInt(4)) {
                case 0 -> whole.appendString("plain ");
                case 1 -> whole.appendString("é€𝄞");
                case 2 -> whole.appendString("漢字".repeat(random.nextInt(500)));
                default -> {
                    if (repetition.getCurrentRepetition() % 2 == 0) {
                        whole.appendByte((byte) random.nextInt(256)); // not UTF-8 at all
                    }
                }
            }
        }
        OutputLog log = new OutputLog(FENCE, 1 << 20);
        List<JobEvent> events = new ArrayList<>();
        int at = 0;
        while (at < whole.length()) {
            int n = Math.min(whole.length() - at, 1 + random.nextInt(random.nextBoolean() ? 3 : 40_000));
            assertThat(log.add(false, whole.slice(at, at + n), 1)).isTrue();
            at += n;
            if (random.nextBoolean()) {
                events.addAll(log.take());
            }
        }
        log.flush(1);
        events.addAll(log.take());
        assertThat(bytes(events).getBytes()).isEqualTo(whole.getBytes());
        assertThat(events).allMatch(e -> e.data().length() <= OutputLog.MAX_EVENT);
        assertThat(text(events, JobEvent.OUT)).isEqualTo(whole.toString());
    }
}
