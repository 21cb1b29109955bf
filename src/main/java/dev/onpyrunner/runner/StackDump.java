package dev.onpyrunner.runner;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Tells the interpreter's stack dump from what the program itself wrote to stderr in the same moment.
 *
 * <p>The form is that of CPython's faulthandler: a heading for each thread, and a line for each frame.
 */
record StackDump(String stack, Buffer rest) {
    /** Long enough for the 100 frames that faulthandler shows of each of many threads. */
    private static final int MAX_STACK = 65_536;

    /** Longer lines are no part of a stack: faulthandler cuts names at 500 characters. */
    private static final int MAX_LINE = 2_000;

    /** A heading ends its line. Every repetition has a bound, for the program may have written what is searched here. */
    private static final Pattern HEADING = Pattern.compile(
            "(Current thread|Thread) 0x[0-9a-f]{1,16} (\\[[^]]{0,50}] )?\\(most recent call first\\):$");

    private static final int MAX_HEADING = 150;

    /** Splits what came over stderr. {@link #stack} is null when there is none in it. */
    static StackDump split(Buffer bytes) {
        StringBuilder stack = new StringBuilder();
        Buffer rest = Buffer.buffer();
        boolean inStack = false;
        int at = 0;
        while (at < bytes.length()) {
            int end = at;
            while (end < bytes.length() && bytes.getByte(end) != '\n') {
                end++;
            }
            end = Math.min(end + 1, bytes.length());
            Buffer line = bytes.slice(at, end);
            at = end;
            String text = line.toString(StandardCharsets.UTF_8);
            int newline = text.endsWith("\n") ? 1 : 0;
            text = text.substring(0, text.length() - newline);
            int tail = Math.max(0, text.length() - MAX_HEADING);
            Matcher heading = HEADING.matcher(text.substring(tail));
            if (heading.find()) {
                int start = tail + heading.start();
                // The program's own last line may have had no end. A heading has one byte for each character.
                rest.appendBuffer(line.slice(0, line.length() - newline - (text.length() - start)));
                inStack = true;
                append(stack, text.substring(start));
            } else if (inStack && isFrame(text)) {
                append(stack, text);
            } else {
                inStack = false;
                rest.appendBuffer(line);
            }
        }
        String whole = stack.toString().strip();
        return new StackDump(whole.isEmpty() ? null : whole + "\n", rest);
    }

    private static boolean isFrame(String line) {
        return line.isEmpty()
                || line.equals("  ...")
                || (line.length() <= MAX_LINE && (line.startsWith("  File ") || line.startsWith("  <")));
    }

    private static void append(StringBuilder stack, String line) {
        if (stack.length() + line.length() < MAX_STACK) {
            stack.append(line.replaceAll("\\p{Cntrl}", "?")).append('\n'); // somebody's terminal may show it
        }
    }
}
