package dev.onpyrunner.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.TestNode;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** A reader of Server-Sent Events, as a browser reads them. */
final class EventStream implements AutoCloseable {
    private final Stream<String> stream;
    private final Iterator<String> lines;

    private EventStream(Stream<String> stream) {
        this.stream = stream;
        this.lines = stream.iterator();
    }

    static EventStream open(TestNode node, String id) throws IOException, InterruptedException {
        return open(node, node.request("/v1/jobs/" + id + "/events"));
    }

    static EventStream open(TestNode node, HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<Stream<String>> response = node.http().send(request.build(), BodyHandlers.ofLines());
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).contains("text/event-stream");
        assertThat(response.headers().firstValue("Cache-Control")).contains("no-store");
        return new EventStream(response.body());
    }

    /** The next event; null when the stream has ended. */
    JsonNode next() throws IOException {
        String id = null;
        while (lines.hasNext()) {
            String line = lines.next();
            if (line.startsWith("id: ")) {
                id = line.substring("id: ".length());
            } else if (line.startsWith("data: ")) {
                JsonNode event = TestNode.JSON.readTree(line.substring("data: ".length()));
                assertThat(event.get("id").textValue()).isEqualTo(id);
                return event;
            } else {
                assertThat(line).isIn("", ":");
            }
        }
        return null;
    }

    /** The first event that is as wanted. */
    JsonNode next(Predicate<JsonNode> wanted) throws IOException {
        for (JsonNode event = next(); event != null; event = next()) {
            if (wanted.test(event)) {
                return event;
            }
        }
        throw new AssertionError("the stream ended before");
    }

    /** All events to the end of the stream. */
    List<JsonNode> all() throws IOException {
        List<JsonNode> events = new ArrayList<>();
        for (JsonNode event = next(); event != null; event = next()) {
            events.add(event);
        }
        return events;
    }

    static List<String> kinds(List<JsonNode> events) {
        return events.stream().map(e -> e.get("k").textValue()).toList();
    }

    static String text(List<JsonNode> events, String kind) {
        StringBuilder text = new StringBuilder();
        events.stream()
                .filter(e -> e.get("k").textValue().equals(kind))
                .forEach(e -> text.append(e.get("d").textValue()));
        return text.toString();
    }

    @Override
    public void close() {
        stream.close();
    }
}
