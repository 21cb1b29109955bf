package dev.onpyrunner.job;

import io.vertx.core.buffer.Buffer;
import java.util.Locale;

/**
 * Something that a program is given while it runs.
 *
 * @param number its place among all of its job, from 1 on; 0 as long as it has none
 * @param kind as its {@link JobEvent}
 * @param data the bytes of input, or the signal's name
 */
public record JobInput(long number, Kind kind, Buffer data) {
    /** What it is. */
    public enum Kind {
        IN,
        EOF,
        SIGNAL;

        /** As Redis, the log and clients have it. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The signals that a client may send. */
    public enum Signal {
        INT,
        TERM,
        KILL
    }

    /** Input for the program. */
    public static JobInput of(Buffer bytes) {
        return new JobInput(0, Kind.IN, bytes);
    }

    /** The end of its input. */
    public static JobInput end() {
        return new JobInput(0, Kind.EOF, Buffer.buffer());
    }

    public static JobInput of(Signal signal) {
        return new JobInput(0, Kind.SIGNAL, Buffer.buffer(signal.name()));
    }

    /**
     * Who sends it, so that a repeat is given to the program once.
     *
     * @param name the sender's own choice, another one for each page or request; empty for nobody
     * @param number counts up from 1 for each name; 0 for nobody
     */
    public record Sender(String name, long number) {
        private static final int MAX_NAME = 100;

        /** Nobody who could repeat it. */
        public static final Sender NOBODY = new Sender("", 0);

        public Sender {
            if (name.length() > MAX_NAME || number < 0 || name.isEmpty() != (number == 0)) {
                throw new IllegalArgumentException(
                        "a sender has a name of at most " + MAX_NAME + " characters, and counts from 1");
            }
        }
    }
}
