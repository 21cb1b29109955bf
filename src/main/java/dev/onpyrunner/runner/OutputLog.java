package dev.onpyrunner.runner;

import dev.onpyrunner.job.EventId;
import dev.onpyrunner.job.JobEvent;
import dev.onpyrunner.job.Output;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A program's output on its way to the log: counted, capped, cut into events between characters, numbered.
 *
 * <p>What has been taken with {@link #take} keeps its numbers, so that sending it again stores it once.
 */
final class OutputLog {
    /** Longest output of one event, in bytes. */
    static final int MAX_EVENT = 16_384;

    private static final int LAST_STDERR = 1_024;
    /** As much output is kept for who waits for the job's end, in bytes: most jobs write less. */
    private static final int MAX_TAKEN = 16_384;

    private final long fence;
    private final long cap;
    private final Buffer[] unfinished = {Buffer.buffer(), Buffer.buffer()};
    private final boolean[] over = new boolean[2];
    private Buffer lastStderr = Buffer.buffer();
    /** All of it, for who wants to compare it; else null. */
    private Buffer stdout;

    private final List<Piece> waiting = new ArrayList<>();
    /** What has been handed over; null once it is too much. */
    private Output taken = Output.none();

    private long total;
    private long waitingBytes;
    /** The claim itself wrote the first event. */
    private long lastN = 1;

    private record Piece(String kind, long t, Buffer data) {}

    OutputLog(long fence, long cap) {
        this.fence = fence;
        this.cap = cap;
    }

    /**
     * Takes what the program wrote.
     *
     * @param t milliseconds since the start
     * @return false when it went over the cap; the part within it is kept
     */
    boolean add(boolean stderr, Buffer bytes, long t) {
        int stream = stderr ? 1 : 0;
        if (isOver()) {
            return false;
        }
        long room = cap - total;
        Buffer data = unfinished[stream].appendBuffer(bytes.length() > room ? bytes.slice(0, (int) room) : bytes);
        total += Math.min(room, bytes.length());
        if (!stderr && stdout != null) {
            stdout.appendBuffer(bytes);
        }
        if (stderr) {
            Buffer last = lastStderr.appendBuffer(bytes);
            lastStderr = last.getBuffer(Math.max(0, last.length() - LAST_STDERR), last.length());
        }
        int whole = TextCut.wholeLength(data, data.length());
        cut(stream == 1 ? JobEvent.ERR : JobEvent.OUT, data.slice(0, whole), t);
        unfinished[stream] = data.getBuffer(whole, data.length());
        if (bytes.length() > room) {
            over[stream] = true;
            unfinished[stream] = Buffer.buffer(); // text is cut only between characters
            return false;
        }
        return true;
    }

    private void cut(String kind, Buffer data, long t) {
        int from = 0;
        while (from < data.length()) {
            Piece last = waiting.isEmpty() ? null : waiting.get(waiting.size() - 1);
            boolean joins = last != null && last.kind().equals(kind);
            int room = joins ? MAX_EVENT - last.data().length() : MAX_EVENT;
            int to = data.length() - from <= room ? data.length() : TextCut.wholeLength(data, from + room);
            if (to <= from) {
                to = data.length() - from <= MAX_EVENT ? data.length() : TextCut.wholeLength(data, from + MAX_EVENT);
                joins = false;
            }
            Buffer part = data.slice(from, to);
            if (joins) {
                last.data().appendBuffer(part);
            } else {
                waiting.add(new Piece(kind, t, Buffer.buffer().appendBuffer(part)));
            }
            waitingBytes += part.length();
            from = to;
        }
    }

    /** Notes what the program was given, in its place among what it wrote; it does not count as output. */
    void addInput(Buffer bytes, long t) {
        cut(JobEvent.IN, bytes, t);
    }

    /** Notes something else that happened. */
    void add(String kind, Buffer data, long t) {
        waiting.add(new Piece(kind, t, data));
        waitingBytes += 1 + data.length();
    }

    /** Gives up hope that characters begun at the very end will be finished. */
    void flush(long t) {
        for (int stream = 0; stream < 2; stream++) {
            Buffer rest = unfinished[stream];
            unfinished[stream] = Buffer.buffer();
            cut(stream == 1 ? JobEvent.ERR : JobEvent.OUT, rest, t);
        }
    }

    /** Hands over all that waits, as events with their numbers. */
    List<JobEvent> take() {
        List<JobEvent> events = new ArrayList<>(waiting.size());
        for (Piece p : waiting) {
            JobEvent event = new JobEvent(new EventId(fence, ++lastN), p.kind(), p.t(), p.data());
            events.add(event);
            taken = taken == null || total > MAX_TAKEN ? null : taken.with(event);
        }
        waiting.clear();
        waitingBytes = 0;
        return events;
    }

    /** What the program wrote, as far as it has been handed over; empty when that is more than is worth keeping. */
    Optional<Output> taken() {
        return Optional.ofNullable(taken);
    }

    /** The number for the event after all that were taken. */
    long nextN() {
        return lastN + 1;
    }

    /** Keeps the program's stdout from now on: no more of it than may be written. */
    void keepStdout() {
        stdout = Buffer.buffer();
    }

    /** What the program has written to its stdout, if it is kept. */
    Buffer stdout() {
        return stdout;
    }

    /** The end of what the program wrote to its stderr. */
    String lastStderr() {
        return lastStderr.toString();
    }

    long waitingBytes() {
        return waitingBytes;
    }

    boolean isOver() {
        return over[0] || over[1];
    }

    boolean isStdoutOver() {
        return over[0];
    }

    boolean isStderrOver() {
        return over[1];
    }
}
