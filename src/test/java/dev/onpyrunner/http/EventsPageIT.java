package dev.onpyrunner.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.Await;
import dev.onpyrunner.TestNode;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.ReplyException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@code docs/events.md} and the event bus say the same. */
@ExtendWith(TestNode.class)
@Timeout(60)
class EventsPageIT {
    private static final Pattern EXAMPLE = Pattern.compile("```json ([a-z]+)\n(.*?)```", Pattern.DOTALL);
    private static final Map<String, String> EXAMPLES = new HashMap<>();

    @BeforeAll
    static void read() throws IOException {
        Matcher m = EXAMPLE.matcher(Files.readString(Path.of("docs", "events.md")));
        while (m.find()) {
            assertThat(EXAMPLES.put(m.group(1), m.group(2))).isNull();
        }
        assertThat(EXAMPLES.keySet())
                .containsExactlyInAnyOrder(
                        "submit", "job", "get", "cancel", "stdin", "eof", "signal", "problem", "events", "end");
    }

    /** The example, with this job's id where it has one. */
    private static JsonObject example(String name, String id) {
        JsonObject json = new JsonObject(EXAMPLES.get(name));
        return json.containsKey("id") ? json.put("id", id) : json;
    }

    private static JsonObject ask(TestNode node, JsonObject request) {
        return Await.get(node.node().vertx().eventBus().<JsonObject>request("onpyrunner.jobs", request))
                .body();
    }

    private static ReplyException refusal(TestNode node, Object request) {
        try {
            Await.get(node.node().vertx().eventBus().request("onpyrunner.jobs", request));
        } catch (ReplyException e) {
            return e;
        }
        throw new AssertionError("it was not refused: " + request);
    }

    /** Each field of the example is there, with the same type of value. */
    private static void assertLike(JsonObject real, JsonObject example) {
        example.forEach(field -> {
            assertThat(real.fieldNames()).contains(field.getKey());
            assertThat(real.getValue(field.getKey()).getClass())
                    .as(field.getKey())
                    .isEqualTo(field.getValue().getClass());
        });
    }

    private static BlockingQueue<Message<Object>> listen(Vertx vertx, String address) {
        BlockingQueue<Message<Object>> heard = new LinkedBlockingQueue<>();
        Await.get(vertx.eventBus().consumer(address, heard::add).completion());
        return heard;
    }

    @Test
    void every_message_of_the_page_can_be_sent_and_is_heard(TestNode node) throws Exception {
        Vertx vertx = node.node().vertx();
        BlockingQueue<Message<Object>> ends = listen(vertx, "onpyrunner.ends");
        JsonObject submit = example("submit", "");
        JsonObject job = ask(node, submit);
        String id = job.getString("id");
        assertLike(job, example("job", id));
        assertThat(ask(node, submit).getString("id")).as("the same request").isEqualTo(id);
        BlockingQueue<Message<Object>> events = listen(vertx, "onpyrunner.job." + id);
        assertThat(ask(node, example("get", id)).getString("id")).isEqualTo(id);
        node.awaitStart(id);
        JsonObject stdin = example("stdin", id);
        assertThat(ask(node, stdin)).isEmpty();
        assertThat(ask(node, stdin)).as("the same input").isEmpty();
        Set<String> kinds = new TreeSet<>();
        JsonObject like = new JsonArray(EXAMPLES.get("events")).getJsonObject(0);
        while (!kinds.contains("out")) {
            Message<Object> batch = events.poll(20, TimeUnit.SECONDS);
            assertThat(batch).as("output on the bus").isNotNull();
            if (batch.body().equals("")) {
                assertThat(batch.headers()).isEmpty();
                continue;
            }
            JsonArray list = new JsonArray((String) batch.body());
            for (int i = 0; i < list.size(); i++) {
                assertLike(list.getJsonObject(i), like);
                kinds.add(list.getJsonObject(i).getString("k"));
            }
            assertThat(batch.headers().get("first"))
                    .isEqualTo(list.getJsonObject(0).getString("id"));
            assertThat(batch.headers().get("last"))
                    .isEqualTo(list.getJsonObject(list.size() - 1).getString("id"));
            assertThat(batch.headers().get("ended")).isEqualTo("false");
        }
        assertThat(List.of("out", "err", "in", "eof", "signal", "need_input", "state", "requeued", "end"))
                .containsAll(kinds);

        assertThat(ask(node, example("eof", id))).isEmpty();

        JsonObject end = ends(ends, id);
        assertLike(end, example("end", id));
        assertThat(end.getString("status")).isEqualTo("DONE");
        JsonNode ended = node.awaitEnd(id);
        assertThat(ended.path("stdout").asText()).isEqualTo("hello\n");
    }

    private static JsonObject ends(BlockingQueue<Message<Object>> heard, String id) throws InterruptedException {
        while (true) {
            Message<Object> end = heard.poll(20, TimeUnit.SECONDS);
            assertThat(end).as("its end").isNotNull();
            if (((JsonObject) end.body()).getString("id").equals(id)) {
                return (JsonObject) end.body();
            }
        }
    }

    @Test
    void a_program_is_signalled_and_cancelled(TestNode node) throws Exception {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            JsonObject submit = example("submit", "").put("idempotency_key", "signal-" + i);
            ids.add(ask(node, submit).getString("id"));
        }
        node.awaitStart(ids.get(0));
        assertThat(ask(node, example("signal", ids.get(0)))).isEmpty();
        assertThat(node.awaitEnd(ids.get(0)).path("signal").asText()).isEqualTo("SIGINT");
        assertThat(ask(node, example("cancel", ids.get(1))).getString("id")).isEqualTo(ids.get(1));
        assertThat(node.awaitEnd(ids.get(1)).path("status").asText()).isEqualTo("CANCELLED");
    }

    @Test
    void what_is_wrong_is_told_as_over_http(TestNode node) throws Exception {
        String never = "0-00000000000000000000000000";
        ReplyException missing = refusal(node, example("get", never));
        assertThat(missing.failureCode()).isEqualTo(404);
        JsonObject problem = new JsonObject(missing.getMessage());
        assertLike(problem, example("problem", ""));
        assertThat(problem.getString("instance")).isEqualTo("onpyrunner.jobs");

        JsonObject submit = example("submit", "");
        submit.remove("idempotency_key");
        Map<Object, Integer> wrong = new HashMap<>();
        wrong.put("no object", 400);
        wrong.put(new JsonObject(), 400);
        wrong.put(new JsonObject().put("op", 1), 400);
        wrong.put(example("get", "../x"), 404);
        wrong.put(example("signal", never).put("signal", "HUP"), 400);
        wrong.put(example("stdin", never).put("n", 0), 400);
        wrong.put(example("stdin", never).put("b64", "%"), 400);
        wrong.put(example("eof", never), 404);
        wrong.put(submit.copy().put("job", new JsonObject().put("sourse", "1")), 422);
        wrong.put(submit.copy().put("job", "x"), 400);
        wrong.put(submit.copy().put("owner", "a b"), 400);
        wrong.put(submit.copy().put("owner", ""), 400);
        wrong.put(submit.copy().put("idempotency_key", " "), 400);
        wrong.forEach((request, status) -> assertThat(refusal(node, request).failureCode())
                .as(String.valueOf(request))
                .isEqualTo(status));
        assertThatThrownBy(() -> Await.get(node.node().vertx().eventBus().request("onpyrunner.nobody", "")))
                .isInstanceOf(ReplyException.class);
    }
}
