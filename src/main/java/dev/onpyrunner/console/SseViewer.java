package dev.onpyrunner.console;

import dev.onpyrunner.job.EventBatch;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

/** A viewer over Server-Sent Events: the HTML standard, section 9.2. */
final class SseViewer extends LiveViewer {
    private static final String COMMENT = ":\n\n";

    private final HttpServerResponse response;
    private final SharedText<Buffer> texts;

    SseViewer(HttpServerResponse response, SharedText<Buffer> texts) {
        this.response = response;
        this.texts = texts;
    }

    static Buffer text(EventBatch batch) {
        StringBuilder text = new StringBuilder();
        for (Object o : new JsonArray(batch.json())) {
            JsonObject event = (JsonObject) o;
            text.append("id: ").append(event.getString("id")).append('\n');
            text.append("data: ").append(event.encode()).append("\n\n");
        }
        return Buffer.buffer(text.toString());
    }

    /** The first bytes: the headers leave with them, at once. */
    void start() {
        sent(beat());
    }

    @Override
    public void events(EventBatch batch) {
        sent(response.write(texts.of(batch)));
        if (batch.ended()) {
            response.end();
        }
    }

    @Override
    public void failed(Throwable cause) {
        response.end();
    }

    @Override
    Future<Void> beat() {
        return response.write(COMMENT);
    }

    @Override
    void letGo() {
        response.reset();
    }

    @Override
    void drain() {
        response.end();
    }
}
