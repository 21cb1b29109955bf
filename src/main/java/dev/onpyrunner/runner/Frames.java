package dev.onpyrunner.runner;

import dev.onpyrunner.job.JobFile;
import dev.onpyrunner.job.JobSpec;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;

/** The jail's protocol, as bytes. {@code nsjail/README.md} describes it. */
final class Frames {
    /** Most bytes of stdin that the jail may hold unacknowledged. */
    static final int STDIN_CREDIT = 65_536;
    /** Longest payload that the jail may send. */
    static final int MAX_PAYLOAD = 65_536;

    static final byte READY = 0x06;
    static final int HEADER = 5;

    private Frames() {}

    /** The job: arguments, variables and files. */
    static Buffer job(JobSpec spec) {
        Buffer body = Buffer.buffer();
        spec.args().forEach(a -> record(body, 'A', Buffer.buffer(), Buffer.buffer(a)));
        spec.env().forEach((k, v) -> record(body, 'E', Buffer.buffer(k), Buffer.buffer(v)));
        for (JobFile f : spec.files()) {
            record(body, 'F', Buffer.buffer(f.path()), f.content());
        }
        return Buffer.buffer(body.length() + 4).appendInt(body.length()).appendBuffer(body);
    }

    private static void record(Buffer body, char type, Buffer key, Buffer value) {
        body.appendByte((byte) type)
                .appendInt(key.length())
                .appendInt(value.length())
                .appendBuffer(key)
                .appendBuffer(value);
    }

    static Buffer message(char type) {
        return message(type, Buffer.buffer());
    }

    static Buffer message(char type, Buffer payload) {
        return Buffer.buffer(HEADER + payload.length())
                .appendByte((byte) type)
                .appendInt(payload.length())
                .appendBuffer(payload);
    }

    /**
     * Reads the status frame: {@code E <exit code> …} or {@code S <signal> …}.
     *
     * @throws IllegalArgumentException when it is neither
     */
    static Sandbox.Exit status(Buffer payload) {
        String[] words = payload.toString(StandardCharsets.US_ASCII).trim().split(" ", -1);
        if (words.length < 2 || !words[1].matches("[0-9]{1,3}")) {
            throw new IllegalArgumentException("not a status");
        }
        int code = Integer.parseInt(words[1]);
        return switch (words[0]) {
            case "E" -> new Sandbox.Exit(Sandbox.Exit.Kind.EXITED, code);
            case "S" -> new Sandbox.Exit(Sandbox.Exit.Kind.SIGNALED, code);
            default -> throw new IllegalArgumentException("not a status");
        };
    }
}
