package dev.onpyrunner.job;

import io.vertx.core.buffer.Buffer;
import java.util.Objects;

/**
 * A file that is placed in the program's working directory.
 *
 * @param path relative, without {@code .}, {@code ..}, empty parts or NUL; see {@link #pathProblem}
 */
public record JobFile(String path, Buffer content) {
    private static final int MAX_PATH_BYTES = 1024;
    private static final int MAX_NAME_BYTES = 255;

    public JobFile {
        Objects.requireNonNull(content, "content");
        String problem = pathProblem(path);
        if (problem != null) {
            throw new IllegalArgumentException(problem);
        }
    }

    /** What is wrong with a path, as a sentence; null when nothing is. */
    public static String pathProblem(String path) {
        if (path.isEmpty()) {
            return "The path is empty.";
        }
        if (path.startsWith("/")) {
            return "The path must be relative to the working directory.";
        }
        if (path.getBytes(java.nio.charset.StandardCharsets.UTF_8).length > MAX_PATH_BYTES) {
            return "The path is longer than " + MAX_PATH_BYTES + " bytes.";
        }
        for (int i = 0; i < path.length(); i++) {
            if (path.charAt(i) == 0 || (Character.isSurrogate(path.charAt(i)) && !isPair(path, i))) {
                return "The path has a character that no file name can have.";
            }
        }
        for (String part : path.split("/", -1)) {
            if (part.isEmpty() || part.equals(".") || part.equals("..")) {
                return "The path must not have empty parts, '.' or '..'.";
            }
            if (part.getBytes(java.nio.charset.StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
                return "A part of the path is longer than " + MAX_NAME_BYTES + " bytes.";
            }
        }
        return null;
    }

    private static boolean isPair(String s, int i) {
        return Character.isHighSurrogate(s.charAt(i))
                ? i + 1 < s.length() && Character.isLowSurrogate(s.charAt(i + 1))
                : i > 0 && Character.isHighSurrogate(s.charAt(i - 1));
    }
}
