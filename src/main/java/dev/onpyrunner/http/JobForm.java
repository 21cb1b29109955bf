package dev.onpyrunner.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.onpyrunner.http.Problem.FieldError;
import dev.onpyrunner.http.Problem.Kind;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.multipart.DefaultHttpDataFactory;
import io.netty.handler.codec.http.multipart.FileUpload;
import io.netty.handler.codec.http.multipart.HttpData;
import io.netty.handler.codec.http.multipart.HttpPostMultipartRequestDecoder;
import io.netty.handler.codec.http.multipart.HttpPostRequestDecoder;
import io.netty.handler.codec.http.multipart.InterfaceHttpData;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A job as {@code multipart/form-data}: its parts become the object that {@code application/json} has, so that the same caps hold and the
 * same errors are told. A part that is a file, or text that may be bytes, is a binary node in it. All is in memory, within the body's cap.
 */
final class JobForm {
    /** A part each of these makes an item of a list; a file's path is its file name. */
    private static final Set<String> LISTS = Set.of("args", "collect");

    private static final Set<String> BYTES = Set.of("source", "stdin");
    private static final Set<String> TEXTS = Set.of("entry", "runtime");
    private static final String FILE = "file";
    /** Besides files, arguments and patterns. */
    private static final int OTHER_PARTS = 64;

    private final ObjectMapper mapper;
    private final ObjectNode root = JsonNodeFactory.instance.objectNode();
    private final List<FieldError> wrong = new ArrayList<>();

    private JobForm(ObjectMapper mapper) {
        this.mapper = mapper;
    }

    /** The object, and what is wrong with single parts already. */
    record Read(ObjectNode root, List<FieldError> wrong) {}

    /** @throws Problem.Thrown 400 when the body is no such form */
    static Read read(Buffer body, String contentType, HttpSettings.Caps caps, ObjectMapper mapper) {
        JobForm form = new JobForm(mapper);
        var request = new DefaultFullHttpRequest(
                HttpVersion.HTTP_1_1, HttpMethod.POST, "/", Unpooled.wrappedBuffer(body.getBytes()));
        request.headers().set(HttpHeaderNames.CONTENT_TYPE, contentType);
        int parts = caps.files() + 2 * caps.items() + OTHER_PARTS;
        HttpPostMultipartRequestDecoder decoder = null;
        try {
            if (!HttpPostRequestDecoder.isMultipart(request)) {
                throw unreadable(); // no boundary
            }
            decoder = new HttpPostMultipartRequestDecoder(
                    new DefaultHttpDataFactory(false), request, StandardCharsets.UTF_8, parts, Integer.MAX_VALUE);
            for (InterfaceHttpData part : decoder.getBodyHttpDatas()) {
                form.add((HttpData) part);
            }
            if (decoder.currentPartialHttpData() != null) {
                throw unreadable(); // it has no end
            }
        } catch (IOException | RuntimeException e) {
            // Netty meets some nonsense with an index that is out of bounds, and no exception of its own.
            throw unreadable();
        } finally {
            if (decoder != null) {
                decoder.destroy();
            }
        }
        return new Read(form.root, form.wrong);
    }

    private static Problem.Thrown unreadable() {
        return new Problem.Thrown(Problem.of(
                Kind.BAD_REQUEST, "The body is not multipart/form-data that can be read, or has too many parts."));
    }

    private void add(HttpData part) throws IOException {
        String name = part.getName();
        byte[] bytes = part.get();
        if (name.equals(FILE) && part instanceof FileUpload upload) {
            root.withArray("/files")
                    .addObject()
                    .put("path", upload.getFilename())
                    .put("content", bytes);
        } else if (name.equals(FILE)) {
            wrong("/files", "A part file must have a file name.");
        } else if (LISTS.contains(name)) {
            ArrayNode list = root.withArray("/" + name);
            list.add(new String(bytes, StandardCharsets.UTF_8));
        } else if (root.has(name)) {
            wrong("/" + name, "This part is there twice.");
        } else if (BYTES.contains(name)) {
            root.put(name, bytes);
        } else if (TEXTS.contains(name)) {
            root.put(name, new String(bytes, StandardCharsets.UTF_8));
        } else {
            json(name, bytes);
        }
    }

    private void json(String name, byte[] bytes) throws IOException {
        try {
            root.set(name, mapper.readTree(bytes));
        } catch (JsonProcessingException e) {
            wrong("/" + JobReader.escape(name), "This part must be JSON, if there is one of this name.");
        }
    }

    private void wrong(String at, String detail) {
        wrong.add(new FieldError(at, detail));
    }
}
