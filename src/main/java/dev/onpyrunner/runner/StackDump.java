package dev.onpyrunner.runner;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * Tells the interpreter's stack dump from what the program itself wrote to stderr in the same moment.
 *
 * <p>The form is that of CPython's faulthandler: a heading for each thread, and a line for each frame.
 */
record StackDump(String stack, Buffer rest) {
    /** Long enough for the 100 frames that faulthandler shows of each of many threads. */
    private static final int MAX_STACK = 65_536;

    private static final Pattern HEADING = Pattern.compile(
            "(Current thread|Thread) 0x[0-9a-f]{1,16} (\\[[^\\]\\n]*\\] )?\\(most recent call first\\):");
    private static final Pattern FRAME = Pattern.compile("  (File .* in .*|<.*>|\\.\\.\\.)");

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
            String text = line.toString(StandardCharsets.UTF_8).replaceFirst("\n$", "");
            var heading = HEADING.matcher(text);
            if (heading.find()) {
                // The program's own last line may have had no end.
                rest.appendBuffer(Buffer.buffer(text.substring(0, heading.start())));
                inStack = true;
                append(stack, text.substring(heading.start()));
            } else if (inStack && FRAME.matcher(text).matches()) {
                append(stack, text);
            } else if (inStack && text.isEmpty()) {
                append(stack, "");
            } else {
                inStack = false;
                rest.appendBuffer(line);
            }
        }
        String whole = stack.toString().strip();
        return new StackDump(whole.isEmpty() ? null : whole + "\n", rest);
    }

    private static void append(StringBuilder stack, String line) {
        if (stack.length() + line.length() < MAX_STACK) {
            stack.append(line).append('\n');
        }
    }
}
