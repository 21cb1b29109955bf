package dev.onpyrunner.runner;

import dev.onpyrunner.job.JobFile;
import dev.onpyrunner.job.JobSpec;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The jail's protocol, as bytes. {@code nsjail/README.md} describes it. */
final class Frames {
    /** Most bytes of stdin that the jail may hold unacknowledged. */
    static final int STDIN_CREDIT = 65_536;
    /** Longest payload that the jail may send. */
    static final int MAX_PAYLOAD = 65_536;
    /** Longest listing of files: ten thousand paths of the longest kind do not occur in a jail's memory. */
    static final int MAX_LISTING = 12 << 20;

    /** The file that an interpreter runs when it is not told another one. */
    static final String ENTRY = "main.py";

    static final byte READY = 0x06;
    static final int HEADER = 5;

    private Frames() {}

    /** The job: the file to run, arguments, variables and files. */
    static Buffer job(JobSpec spec) {
        Buffer body = Buffer.buffer();
        if (!spec.entry().equals(ENTRY)) {
            record(body, 'M', Buffer.buffer(), Buffer.buffer(spec.entry()));
        }
        if (spec.interactive()) {
            record(body, 'L', Buffer.buffer(), Buffer.buffer());
        }
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
     * How the program ended, and what it and its awaited children used.
     *
     * @param cpuMs CPU time in milliseconds
     * @param largestBytes memory of the largest of these processes
     */
    record Status(Sandbox.Exit exit, long cpuMs, long largestBytes) {}

    private static final Pattern STATUS = Pattern.compile(
            "([ES]) ([0-9]{1,3}) ([0-9]{1,12})[.]([0-9]{6}) ([0-9]{1,12})[.]([0-9]{6}) ([0-9]{1,12})\n");

    /**
     * Reads the status frame: {@code E <exit code> <user s> <system s> <KiB>}, or {@code S <signal> …}.
     *
     * @throws IllegalArgumentException when it is neither
     */
    static Status status(Buffer payload) {
        Matcher words = STATUS.matcher(payload.toString(StandardCharsets.US_ASCII));
        if (!words.matches()) {
            throw new IllegalArgumentException("not a status");
        }
        Sandbox.Exit.Kind kind = words.group(1).equals("E") ? Sandbox.Exit.Kind.EXITED : Sandbox.Exit.Kind.SIGNALED;
        long seconds = Long.parseLong(words.group(3)) + Long.parseLong(words.group(5));
        long micros = Long.parseLong(words.group(4)) + Long.parseLong(words.group(6));
        return new Status(
                new Sandbox.Exit(kind, Integer.parseInt(words.group(2))),
                seconds * 1000 + micros / 1000,
                Long.parseLong(words.group(7)) * 1024);
    }

    /** A file in a listing. The path is the program's own bytes. */
    record Entry(Buffer path, long size) {}

    /**
     * Reads a listing: the length of a path, its file's size, the path.
     *
     * @throws IllegalArgumentException when it is cut off
     */
    static List<Entry> listing(Buffer bytes) {
        List<Entry> files = new ArrayList<>();
        int at = 0;
        while (at < bytes.length()) {
            long length = bytes.length() - at < 12 ? Long.MAX_VALUE : bytes.getUnsignedInt(at);
            if (length > bytes.length() - at - 12) {
                throw new IllegalArgumentException("a listing that is cut off");
            }
            int end = at + 12 + (int) length;
            files.add(new Entry(bytes.getBuffer(at + 12, end), Math.max(0, bytes.getLong(at + 4))));
            at = end;
        }
        return files;
    }
}
