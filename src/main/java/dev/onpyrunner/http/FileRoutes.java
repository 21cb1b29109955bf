package dev.onpyrunner.http;

import dev.onpyrunner.http.Problem.Kind;
import dev.onpyrunner.job.CollectedFile;
import dev.onpyrunner.job.Job;
import dev.onpyrunner.job.JobId;
import dev.onpyrunner.job.JobStore;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * {@code /v1/jobs/{id}/files/{path}}: the files that a job hands back.
 *
 * <p>A stranger's program wrote name and content. So a browser is told to save the file, or to show it when it can be
 * nothing but a picture, and never to run anything in it.
 */
final class FileRoutes {
    /** Pictures that cannot hold a script; SVG can. */
    private static final Set<String> PICTURES =
            Set.of("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp", "image/x-icon");

    /** What a browser wants something for that would then run in a page. */
    private static final Set<String> PARTS_OF_A_PAGE =
            Set.of("script", "style", "worker", "sharedworker", "serviceworker", "xslt");

    /** What a reader may keep waiting in memory. */
    private static final int PIECE_BYTES = 256 << 10;
    /** "", "v1", "jobs", the id, "files", and the rest. */
    private static final int PARTS = 6;

    private final JobStore store;

    FileRoutes(JobStore store) {
        this.store = store;
    }

    void mount(Router router) {
        router.get("/v1/jobs/:id/files/*").method(HttpMethod.HEAD).handler(this::get);
    }

    private void get(RoutingContext ctx) {
        String use = ctx.request().getHeader("Sec-Fetch-Dest");
        if (use != null && PARTS_OF_A_PAGE.contains(use)) {
            // Else a page that is tricked into it could have a script from here, where its policy allows scripts from.
            throw new Problem.Thrown(Problem.of(Kind.FORBIDDEN, "A job's file is not part of a page. Save it."));
        }
        JobId id = JobRoutes.id(ctx);
        String path = path(ctx);
        store.find(id).compose(job -> send(ctx, id, file(job, path))).onFailure(ctx::fail);
    }

    /** The file's path. Each step is decoded by itself, so that an encoded slash does not divide. */
    private static String path(RoutingContext ctx) {
        String[] parts = ctx.normalizedPath().split("/", PARTS);
        String[] steps = (parts.length < PARTS ? "" : parts[PARTS - 1]).split("/", -1);
        for (int i = 0; i < steps.length; i++) {
            try {
                steps[i] = URLDecoder.decode(steps[i].replace("+", "%2B"), StandardCharsets.UTF_8);
            } catch (IllegalArgumentException e) {
                throw new Problem.Thrown(Problem.of(
                        Kind.BAD_REQUEST, "The address has a '%' that two hexadecimal digits do not follow."));
            }
            if (steps[i].indexOf('/') >= 0) {
                throw noSuchFile();
            }
        }
        return String.join("/", steps);
    }

    private static CollectedFile file(Job job, String path) {
        if (!job.status().isTerminal()) {
            throw new Problem.Thrown(Problem.of(Kind.NOT_FOUND, "The job has not ended. Its files come with its end."));
        }
        return job.files().stream()
                .filter(f -> f.path().equals(path))
                .findFirst()
                .orElseThrow(FileRoutes::noSuchFile);
    }

    private static Problem.Thrown noSuchFile() {
        return new Problem.Thrown(
                Problem.of(Kind.NOT_FOUND, "The job hands back no such file. Its field files has those that it does."));
    }

    private Future<Void> send(RoutingContext ctx, JobId id, CollectedFile file) {
        HttpServerResponse response = ctx.response();
        return piece(id, file, 0).compose(first -> {
            String kind = PICTURES.contains(file.mediaType()) ? "inline" : "attachment";
            response.putHeader(HttpHeaders.CONTENT_TYPE, file.mediaType())
                    .putHeader(HttpHeaders.CONTENT_LENGTH, String.valueOf(file.sizeBytes()))
                    .putHeader("Content-Disposition", kind + fileName(file.path()))
                    .putHeader("Content-Security-Policy", "sandbox; default-src 'none'")
                    .putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
            return ctx.request().method().equals(HttpMethod.HEAD)
                    ? response.end()
                    : write(response, id, file, first, 0);
        });
    }

    /** Writes from one piece on. The next is read when the reader has taken this one. */
    private Future<Void> write(HttpServerResponse response, JobId id, CollectedFile file, Buffer piece, long from) {
        long next = from + piece.length();
        if (next >= file.sizeBytes()) {
            return response.end(piece);
        }
        return response.write(piece)
                .compose(v -> piece(id, file, next))
                .compose(more -> write(response, id, file, more, next));
    }

    private Future<Buffer> piece(JobId id, CollectedFile file, long from) {
        return store.file(id, file, from, (int) Math.min(PIECE_BYTES, file.sizeBytes() - from));
    }

    /** The last step of the path for a header (RFC 6266): in ASCII, and as it is. */
    private static String fileName(String path) {
        String name = path.substring(path.lastIndexOf('/') + 1);
        return "; filename=\"" + name.replaceAll("[^A-Za-z0-9._ -]", "_") + "\"; filename*=UTF-8''"
                + CollectedFile.encode(name);
    }
}
