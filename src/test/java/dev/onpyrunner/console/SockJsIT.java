package dev.onpyrunner.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.onpyrunner.Await;
import dev.onpyrunner.TestNode;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/** A job's events over the bridge for pages. */
@Timeout(60)
class SockJsIT {
    private static final String ECHO = "for line in open(0): print(line, end='')";
    private static TestNode node;
    private static WebSocketClient client;

    @BeforeAll
    static void start() throws IOException {
        node = TestNode.start(Map.of("http.sockjs", "true"));
        client = vertx().createWebSocketClient();
    }

    @AfterAll
    static void stop() throws IOException {
        node.close();
    }

    private static WebSocketConnectOptions options() {
        return new WebSocketConnectOptions()
                .setHost(node.uri("/").getHost())
                .setPort(node.uri("/").getPort())
                .setURI("/eventbus/websocket");
    }

    private static Vertx vertx() {
        return node.node().vertx();
    }

    /** A page that has opened the bridge. */
    private static final class Page {
        private final BlockingQueue<JsonObject> got = new LinkedBlockingQueue<>();
        private final Promise<Void> closed = Promise.promise();
        private final WebSocket socket = Await.get(client.connect(options()));

        Page() {
            socket.handler(bytes -> got.add(new JsonObject(bytes)));
            socket.closeHandler(v -> closed.complete());
        }

        Page send(String type, String address) {
            Await.get(socket.writeTextMessage(new JsonObject()
                    .put("type", type)
                    .put("address", address)
                    .put("headers", new JsonObject())
                    .put("body", "x")
                    .encode()));
            return this;
        }

        JsonObject next() throws InterruptedException {
            JsonObject one = got.poll(20, TimeUnit.SECONDS);
            assertThat(one).as("a message").isNotNull();
            return one;
        }

        /** Waits until all that was sent has been read: what is refused is told at once. */
        Page settle() throws InterruptedException {
            send("register", "x");
            while (!next().getString("type").equals("err")) {}
            return this;
        }
    }

    private static String program() throws Exception {
        String id = node.submit(Map.of("source", ECHO, "interactive", true));
        node.awaitStart(id);
        return id;
    }

    private static void type(String id, String text) throws Exception {
        assertThat(node.send(node.request("/v1/jobs/" + id + "/stdin")
                                .POST(java.net.http.HttpRequest.BodyPublishers.ofString(text)))
                        .statusCode())
                .isEqualTo(204);
    }

    @Test
    void a_page_that_knows_the_id_hears_the_job() throws Exception {
        String id = program();
        Page page = new Page().send("register", "onpyrunner.job." + id).settle();
        type(id, "hello\n");
        JsonObject event;
        do {
            event = page.next();
            assertThat(event.getString("type")).isEqualTo("rec");
            assertThat(event.getString("address")).isEqualTo("onpyrunner.job." + id);
        } while (!event.getString("body").contains("\"k\":\"out\""));
        assertThat(event.getString("body")).contains("hello");
        node.send(node.request("/v1/jobs/" + id).DELETE());
        Await.get(page.socket.close());
    }

    @Test
    void nothing_else_is_heard_and_nothing_can_be_sent() throws Exception {
        Page page = new Page();
        for (String address : new String[] {"onpyrunner.ends", "onpyrunner.jobs", "onpyrunner.job.*", "x"}) {
            assertThat(page.send("register", address).next().getString("type")).isEqualTo("err");
            assertThat(page.send("send", address).next().getString("type")).isEqualTo("err");
            assertThat(page.send("publish", address).next().getString("type")).isEqualTo("err");
        }
        String id = program();
        assertThat(page.send("publish", "onpyrunner.job." + id).next().getString("type"))
                .isEqualTo("err");
        node.send(node.request("/v1/jobs/" + id).DELETE());
        Await.get(page.socket.close());
    }

    @Test
    void what_a_page_does_wrong_is_no_line_in_the_log() throws Exception {
        LoggerContext shipped = new LoggerContext();
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(shipped);
        configurator.doConfigure(Path.of("conf", "logback.xml").toFile());
        List<ILoggingEvent> told = new CopyOnWriteArrayList<>();
        AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                told.add(event);
            }
        };
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        appender.start();
        root.addAppender(appender);
        try {
            Page page = new Page();
            for (int n = 0; n <= 100; n++) {
                page.send("register", "onpyrunner.job.0-%026d".formatted(n));
            }
            assertThat(page.next().getString("body")).isEqualTo("max_handlers_reached");
            Await.get(page.socket.close());
        } finally {
            root.detachAppender(appender);
        }
        assertThat(told)
                .filteredOn(e -> e.getLoggerName().startsWith("io.vertx"))
                .isNotEmpty()
                .noneMatch(e -> shipped.getLogger(e.getLoggerName()).isEnabledFor(e.getLevel()));
    }

    @Test
    void a_page_of_another_site_is_refused() {
        WebSocketConnectOptions foreign = options().addHeader("Origin", "https://other.example");
        assertThatThrownBy(() -> Await.get(client.connect(foreign)))
                .isInstanceOfSatisfying(
                        UpgradeRejectedException.class,
                        e -> assertThat(e.getStatus()).isEqualTo(403));
        Await.get(Await.get(client.connect(options().addHeader("Origin", TestNode.FRIEND)))
                .close());
    }

    @Test
    void a_page_that_does_not_read_is_cut_off() throws Exception {
        String id = program();
        Page page = new Page().send("register", "onpyrunner.job." + id).settle();
        page.socket.pause();
        String large = "x".repeat(100_000);
        for (int n = 0; n < 400; n++) { // 40 MB: more than the kernel keeps for the two of them
            vertx().eventBus().publish("onpyrunner.job." + id, large);
        }
        node.send(node.request("/v1/jobs/" + id).DELETE());
        page.socket.resume();
        Await.get(page.closed.future());
        assertThat(page.got.size()).isLessThan(400);
    }
}
