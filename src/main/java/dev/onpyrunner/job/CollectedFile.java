package dev.onpyrunner.job;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.vertx.core.http.MimeMapping;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A file that a job hands back, as its result tells of it; {@link JobStore#file} has its content.
 *
 * @param path relative to the working directory, as a {@link JobFile} may have it
 * @param mediaType what its name says it is; its content may be anything
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
public record CollectedFile(String path, long sizeBytes, String mediaType) {
    /** Most bytes that one job hands back. */
    public static final long MAX_TOTAL_BYTES = 16 << 20;

    private static final String BYTES = "application/octet-stream";
    /** Stands for itself in a path, besides letters and digits. */
    private static final String PLAIN = "-._~/";

    public CollectedFile {
        String problem = JobFile.pathProblem(path);
        if (problem != null) {
            throw new IllegalArgumentException(problem);
        }
        if (sizeBytes < 0) {
            throw new IllegalArgumentException("a size must not be negative: " + sizeBytes);
        }
    }

    /** A file with the media type of its name. */
    public static CollectedFile of(String path, long sizeBytes) {
        return new CollectedFile(path, sizeBytes, mediaType(path));
    }

    private static String mediaType(String path) {
        String name = path.substring(path.lastIndexOf('/') + 1);
        String extension = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        String type = name.indexOf('.') < 0 ? null : MimeMapping.mimeTypeForExtension(extension);
        if (type == null) {
            return BYTES;
        }
        boolean isText = type.startsWith("text/") && type.indexOf(';') < 0;
        return isText ? type + "; charset=utf-8" : type;
    }

    /** Where clients get it. */
    public String url(JobId id) {
        return "/v1/jobs/" + id + "/files/" + encode(path);
    }

    /** A relative path, or a part of one, as it stands in an address (RFC 3986). */
    public static String encode(String path) {
        StringBuilder encoded = new StringBuilder();
        for (byte b : path.getBytes(StandardCharsets.UTF_8)) {
            boolean plain = b >= 0 && (Character.isLetterOrDigit(b) || PLAIN.indexOf(b) >= 0);
            if (plain) {
                encoded.append((char) b);
            } else {
                encoded.append(String.format("%%%02X", b));
            }
        }
        return encoded.toString();
    }

    /** The file as clients see it. */
    JsonObject toJson(JobId id) {
        return new JsonObject()
                .put("path", path)
                .put("size_bytes", sizeBytes)
                .put("media_type", mediaType)
                .put("url", url(id));
    }
}
