package dev.onpyrunner.http;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.MimeMapping;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;

/** A file of the page whose name stays: a browser asks each time whether it has changed. */
final class PageFile implements Handler<RoutingContext> {
    private static final String FOLDER = "web/";
    /** CodeMirror and the terminal make styles of their own at run time; scripts come from files alone. */
    private static final String POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
            + " connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    private final String file;
    private final boolean compressed;
    private final String tag;

    /**
     * A file among the resources.
     *
     * @param compressed whether it is there in compressed forms, too
     */
    PageFile(String file, boolean compressed) {
        this.file = file;
        this.compressed = compressed;
        this.tag = '"' + JobRoutes.hash(Buffer.buffer(read(file))) + '"';
    }

    static boolean exists(String file) {
        return PageFile.class.getClassLoader().getResource(FOLDER + file) != null;
    }

    private static byte[] read(String file) {
        try (InputStream in = PageFile.class.getClassLoader().getResourceAsStream(FOLDER + file)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void handle(RoutingContext ctx) {
        ctx.response()
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache")
                // Weak: the same in every compression.
                .putHeader(HttpHeaders.ETAG, "W/" + tag);
        if (JobRoutes.isKnown(ctx.request().getHeader(HttpHeaders.IF_NONE_MATCH), tag)) {
            ctx.response().setStatusCode(304).end().onFailure(ctx::fail);
            return;
        }
        send(ctx, file, compressed);
    }

    /** Sends a file, in the smallest form that the client takes. */
    static void send(RoutingContext ctx, String file, boolean compressed) {
        ctx.response()
                .putHeader(HttpHeaders.CONTENT_TYPE, MimeMapping.mimeTypeForFilename(file) + "; charset=utf-8")
                .putHeader("Content-Security-Policy", POLICY)
                .putHeader("Referrer-Policy", "no-referrer");
        String form = "";
        if (compressed) {
            ctx.response().putHeader(HttpHeaders.VARY, "Accept-Encoding");
            for (String coding : List.of("gzip", "br")) {
                if (takes(ctx.request().getHeader(HttpHeaders.ACCEPT_ENCODING), coding)) {
                    ctx.response().putHeader(HttpHeaders.CONTENT_ENCODING, coding);
                    form = coding.equals("br") ? ".br" : ".gz";
                }
            }
        }
        ctx.response().sendFile(FOLDER + file + form).onFailure(ctx::fail);
    }

    /** Whether Accept-Encoding (RFC 9110, section 12.5.3) names a coding, and not to refuse it. */
    private static boolean takes(String header, String coding) {
        return header != null
                && List.of(header.toLowerCase(Locale.ROOT).split(",")).stream()
                        .map(each -> each.replace(" ", ""))
                        .anyMatch(each -> each.equals(coding)
                                || (each.startsWith(coding + ";") && !each.matches(".*;q=0(\\.0*)?")));
    }
}
