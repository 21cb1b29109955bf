package dev.onpyrunner;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.onpyrunner.job.CollectedFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Iterator;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;

/** A client of the HTTP interface, as the command line needs it: blocking, and patient when a connection breaks. */
final class JobClient {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Duration TIMEOUT = Duration.ofSeconds(15);
    private static final int TRIES = 10;
    private static final long RETRY_MS = 500;

    private final String url;
    private final HttpClient http;
    /** Who we are; null for nobody. */
    private final String key = System.getenv("ONPY_API_KEY");

    JobClient(String url) {
        this(url, null);
    }

    /**
     * A client of the node at an address.
     *
     * @param trust whose certificates count, for https; null for those that Java trusts
     */
    JobClient(String url, SSLContext trust) {
        this.url = url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
        HttpClient.Builder builder =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(TIMEOUT);
        this.http = (trust == null ? builder : builder.sslContext(trust)).build();
    }

    /** Where the program's output goes. */
    interface Viewer {
        void output(boolean stderr, String text);

        /** The job's worker was lost: what was shown is void, it runs again from the beginning. */
        void restarted();

        /** Something is done for the job that takes a while. */
        default void note(String sentence) {}
    }

    /** Whether a node answers there. */
    boolean isAlive() throws InterruptedException {
        try {
            HttpRequest request = builder(URI.create(url + "/readyz"))
                    .timeout(Duration.ofSeconds(2))
                    .build();
            return http.send(request, BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException | IllegalArgumentException e) {
            return false;
        }
    }

    /** Posts a job; returns its id. Fails with the server's own sentence when it is refused. */
    String submit(String json) throws IOException, InterruptedException {
        HttpRequest request;
        try {
            request = builder(URI.create(url + "/v1/jobs"))
                    .timeout(TIMEOUT)
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(json))
                    .build();
        } catch (IllegalArgumentException e) {
            throw new IOException("'" + url + "' is not the address of a node, such as http://127.0.0.1:8080.", e);
        }
        try {
            return read(http.send(request, BodyHandlers.ofString())).get("id").textValue();
        } catch (ConnectException | HttpTimeoutException e) {
            throw new IOException("No node answers at " + url + ". Start one with ./onpyrunner serve.", e);
        } catch (SSLException e) {
            throw new IOException(
                    "The certificate of " + url
                            + " is not trusted here, or is for another host, or there is no TLS. The"
                            + " authority that signed it is given with --ca.",
                    e);
        }
    }

    /** The job as it is now, with its output. */
    JsonNode get(String id) throws IOException, InterruptedException {
        return read(http.send(request(id).GET().build(), BodyHandlers.ofString()));
    }

    /** A file that an ended job hands back. Fails when it is longer than {@code most}. */
    byte[] file(String id, String path, long most) throws IOException, InterruptedException {
        HttpRequest request = builder(URI.create(url + "/v1/jobs/" + id + "/files/" + CollectedFile.encode(path)))
                .timeout(TIMEOUT)
                .build();
        HttpResponse<InputStream> response = http.send(request, BodyHandlers.ofInputStream());
        try (InputStream body = response.body()) {
            if (response.statusCode() != 200) {
                throw new IOException("the server answered " + response.statusCode());
            }
            byte[] content = body.readNBytes((int) most + 1);
            if (content.length > most) {
                throw new IOException("the server sends more than a job can hand back");
            }
            return content;
        }
    }

    /** Asks for a cancel. */
    void cancel(String id) throws IOException, InterruptedException {
        http.send(request(id).DELETE().build(), BodyHandlers.discarding());
    }

    /** Sends a running program input, once: it is tried again when an answer does not come. */
    void input(String id, byte[] bytes, boolean eof) throws IOException, InterruptedException {
        HttpRequest request = builder(URI.create(url + "/v1/jobs/" + id + "/stdin?eof=" + eof))
                .timeout(TIMEOUT)
                .header("Idempotency-Key", UUID.randomUUID().toString())
                .POST(HttpRequest.BodyPublishers.ofByteArray(bytes))
                .build();
        for (int tries = 1; ; tries++) {
            try {
                HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
                if (response.statusCode() != 503 || tries == TRIES) {
                    if (response.statusCode() != 204) {
                        read(response);
                    }
                    return;
                }
            } catch (IOException e) {
                if (tries == TRIES) {
                    throw e;
                }
            }
            Thread.sleep(RETRY_MS);
        }
    }

    private HttpRequest.Builder request(String id) {
        return builder(URI.create(url + "/v1/jobs/" + id)).timeout(TIMEOUT);
    }

    private HttpRequest.Builder builder(URI uri) {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri);
        return key == null || key.isEmpty() ? request : request.header("X-API-Key", key);
    }

    private static JsonNode read(HttpResponse<String> response) throws IOException {
        JsonNode json;
        try {
            json = MAPPER.readTree(response.body());
        } catch (JsonProcessingException e) {
            throw new IOException(
                    "The server at " + response.uri() + " is not an OnPyRunner: it answered " + response.statusCode());
        }
        if (response.statusCode() >= 400) {
            StringBuilder said = new StringBuilder(json.path("detail").asText("status " + response.statusCode()));
            json.path("errors")
                    .forEach(e -> said.append("\n  ")
                            .append(e.path("pointer").asText())
                            .append(": ")
                            .append(e.path("detail").asText()));
            throw new IOException(said.toString());
        }
        return json;
    }

    /** Shows a job's output as it comes; returns the ended job, without its output. */
    JsonNode follow(String id, Viewer viewer) throws IOException, InterruptedException {
        return events(id, event -> show(event, viewer));
    }

    /** Hands on a job's events, from the first one; returns the ended job, without its output. */
    JsonNode events(String id, Consumer<JsonNode> each) throws IOException, InterruptedException {
        String last = "";
        IOException broken = null;
        for (int tries = 0; tries < TRIES; tries++) {
            HttpRequest.Builder request =
                    builder(URI.create(url + "/v1/jobs/" + id + "/events")).header("Accept", "text/event-stream");
            if (!last.isEmpty()) {
                request.header("Last-Event-ID", last);
            }
            try {
                HttpResponse<Stream<String>> response = http.send(request.build(), BodyHandlers.ofLines());
                try (Stream<String> lines = response.body()) {
                    if (response.statusCode() != 200) {
                        throw new IOException("The job's events cannot be read: status " + response.statusCode());
                    }
                    Iterator<String> all = lines.iterator();
                    while (all.hasNext()) {
                        String line = all.next();
                        if (line.startsWith("data: ")) {
                            JsonNode event = MAPPER.readTree(line.substring("data: ".length()));
                            last = event.path("id").asText();
                            tries = 0;
                            each.accept(event);
                            if (event.path("k").asText().equals("end")) {
                                return event.get("job");
                            }
                        }
                    }
                }
            } catch (IOException e) {
                broken = e;
            } catch (UncheckedIOException e) {
                broken = e.getCause();
            }
            Thread.sleep(RETRY_MS);
        }
        throw new IOException("The connection to " + url + " was lost. The job goes on: " + url + "/#" + id, broken);
    }

    private static void show(JsonNode event, Viewer viewer) {
        switch (event.path("k").asText()) {
            case "out" -> viewer.output(false, event.path("d").asText());
            case "err" -> viewer.output(true, event.path("d").asText());
            case "requeued" -> viewer.restarted();
            case "note" -> viewer.note(event.path("d").asText());
            default -> {
                // its end, and kinds that a newer server may send
            }
        }
    }
}
