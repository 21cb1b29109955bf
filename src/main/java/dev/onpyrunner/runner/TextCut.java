package dev.onpyrunner.runner;

import io.vertx.core.buffer.Buffer;

/** Cuts UTF-8 between characters only. */
final class TextCut {
    private TextCut() {}

    /**
     * The length of the longest prefix that does not end in the middle of a character.
     *
     * <p>At most three bytes are left over, and only when they may still become a character; bytes that are not UTF-8
     * at all are never held back.
     */
    static int wholeLength(Buffer bytes, int end) {
        for (int back = 1; back <= 3 && back <= end; back++) {
            int b = bytes.getByte(end - back) & 0xff;
            if (b >= 0xc2 && b <= 0xf4) {
                int needed = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : 2;
                return needed > back ? end - back : end;
            }
            if (b < 0x80 || b > 0xbf) {
                return end; // plain ASCII, or a byte that begins nothing
            }
        }
        return end;
    }
}
