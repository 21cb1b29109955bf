package dev.onpyrunner.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.TestNode;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What is sent to a program while it runs: over the console and over HTTP. */
@ExtendWith(TestNode.class)
@Timeout(60)
class LiveInputIT {
    private static final String ECHO = """
            import sys
            print("ready")
            for line in sys.stdin:
                print("got", repr(line))
            print("end")
            """;

    private static final String ASYNC = """
            import asyncio, sys

            async def main():
                reader = asyncio.StreamReader()
                protocol = asyncio.StreamReaderProtocol(reader)
                await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
                while line := await reader.readline():
                    print("got", line.decode().strip())

            asyncio.run(main())
            """;

    private static String interactive(TestNode node, String source) throws Exception {
        return interactive(node, source, Map.of());
    }

    private static String interactive(TestNode node, String source, Map<String, Object> limits) throws Exception {
        return node.submit(Map.of("source", source, "interactive", true, "limits", limits));
    }

    private static Console open(TestNode node, String id) throws Exception {
        Console console = Console.open(node.node().vertx(), node, id);
        console.next("hello");
        return console;
    }

    private static String type(String from, int n, String text) throws IOException {
        return TestNode.JSON.writeValueAsString(Map.of("op", "stdin", "from", from, "n", n, "d", text));
    }

    private static HttpResponse<String> stdin(TestNode node, String id, String query, String body) throws Exception {
        return node.send(node.request("/v1/jobs/" + id + "/stdin" + query)
                .header("Content-Type", "application/x-www-form-urlencoded") // as curl --data-binary says
                .POST(BodyPublishers.ofString(body)));
    }

    private static HttpResponse<String> signal(TestNode node, String id, String body) throws Exception {
        return node.send(node.request("/v1/jobs/" + id + "/signal").POST(BodyPublishers.ofString(body)));
    }

    /** What a terminal shows: what the program wrote and was given, in order. */
    private static String screen(List<JsonNode> events) {
        return events.stream()
                .filter(e -> List.of("out", "err", "in").contains(e.get("k").textValue()))
                .map(e -> e.get("d").textValue())
                .collect(Collectors.joining());
    }

    private static List<JsonNode> log(TestNode node, String id) throws Exception {
        node.awaitEnd(id);
        try (EventStream stream = EventStream.open(node, id)) {
            return stream.all();
        }
    }

    @Test
    void a_dialogue_is_seen_by_every_viewer_as_it_happened(TestNode node) throws Exception {
        String id = interactive(node, """
                name = input("Name? ")
                age = int(input("Age? "))
                print(f"{name} will be {age + 1}")
                """);
        try (Console one = open(node, id);
                Console two = open(node, id)) {
            one.until("need_input");
            two.until("need_input");
            one.send(type("one", 1, "Ann\n"));
            one.until("need_input");
            two.until("need_input");
            two.send(type("two", 1, "41\n"));
            one.until("end");
            two.until("end");
        }
        List<JsonNode> log = log(node, id);
        assertThat(screen(log)).isEqualTo("Name? Ann\nAge? 41\nAnn will be 42\n");
        assertThat(EventStream.kinds(log))
                .containsExactly("state", "state", "out", "need_input", "in", "out", "need_input", "in", "out", "end");
        assertThat(node.awaitEnd(id).get("stdout").textValue()).isEqualTo("Name? Age? Ann will be 42\n");
    }

    @Test
    void prepared_input_comes_first_and_what_is_sent_before_the_start_is_kept(TestNode node) throws Exception {
        String id = node.submit(Map.of("source", ECHO, "stdin", "first\n", "interactive", true));
        stdin(node, id, "", "second\n");
        stdin(node, id, "?eof=true", "thi");
        JsonNode job = node.awaitEnd(id);
        assertThat(job.get("stdout").textValue()).isEqualTo("ready\ngot 'first\\n'\ngot 'second\\n'\ngot 'thi'\nend\n");
        assertThat(EventStream.kinds(log(node, id))).contains("eof");
    }

    @Test
    void a_message_that_is_sent_again_is_typed_once(TestNode node) throws Exception {
        String id = interactive(node, ECHO);
        try (Console console = open(node, id)) {
            console.until("need_input");
            console.send(type("page", 1, "a\n"));
            console.send(type("page", 1, "a\n"));
            console.send(type("other", 1, "b\n"));
            console.send(type("page", 3, "d\n"));
            console.send(type("page", 2, "c\n"));
            console.send("{\"op\":\"stdin\",\"b64\":\"/w==\"}");
            console.send("{\"op\":\"eof\"}");
            console.send("{\"op\":\"eof\"}");
            List<JsonNode> answers = new java.util.ArrayList<>();
            JsonNode message;
            do {
                message = console.next();
                if (!message.get("op").textValue().equals("events")) {
                    answers.add(message);
                }
            } while (!message.toString().contains("\"k\":\"end\""));
            assertThat(answers)
                    .extracting(a -> a.get("op").textValue())
                    .containsExactly("stdin_ack", "stdin_ack", "stdin_ack", "problem", "stdin_ack", "stdin_ack");
            assertThat(answers.get(3).at("/problem/status").intValue()).isEqualTo(409);
            assertThat(answers.get(3).at("/problem/detail").textValue()).contains("send number 2 first");
        }
        assertThat(node.awaitEnd(id).get("stdout").textValue())
                .isEqualTo("ready\ngot 'a\\n'\ngot 'b\\n'\ngot 'c\\n'\ngot '\\udcff'\nend\n");
    }

    @Test
    void an_idempotency_key_makes_a_repeat_safe(TestNode node) throws Exception {
        String id = interactive(node, ECHO);
        for (int i = 0; i < 2; i++) {
            HttpResponse<String> answer = node.send(node.request("/v1/jobs/" + id + "/stdin?eof=true")
                    .header("Idempotency-Key", "k")
                    .POST(BodyPublishers.ofString("once\n")));
            assertThat(answer.statusCode()).isEqualTo(204);
            assertThat(answer.headers().firstValue("Idempotency-Replayed").isPresent())
                    .isEqualTo(i == 1);
        }
        assertThat(node.awaitEnd(id).get("stdout").textValue()).isEqualTo("ready\ngot 'once\\n'\nend\n");
    }

    @Test
    void signals_reach_the_program_even_behind_input_that_nobody_reads(TestNode node) throws Exception {
        String id = interactive(node, """
                import time
                try:
                    print("here")
                    time.sleep(50)
                except KeyboardInterrupt:
                    print("interrupted")
                    time.sleep(50)
                """);
        try (Console console = open(node, id)) {
            console.until("out");
            assertThat(stdin(node, id, "", "x".repeat(1 << 20)).statusCode()).isEqualTo(204);
            console.send("{\"op\":\"signal\",\"signal\":\"INT\"}");
            List<JsonNode> events = console.until("signal");
            while (!screen(events).contains("interrupted")) {
                events.addAll(console.until("out"));
            }
            assertThat(signal(node, id, "{\"signal\":\"TERM\"}").statusCode()).isEqualTo(204);
            console.until("end");
        }
        JsonNode job = node.awaitEnd(id);
        assertThat(job.get("outcome").textValue()).isEqualTo("SIGNALED");
        assertThat(job.get("signal").textValue()).isEqualTo("SIGTERM");
    }

    @Test
    void the_clock_stands_still_while_it_waits_and_not_while_a_thread_runs(TestNode node) throws Exception {
        String waits = interactive(node, "input()\nprint('done')", Map.of("wall_ms", 600));
        String works = interactive(node, """
                import threading
                def work():
                    while True: pass
                threading.Thread(target=work, daemon=True).start()
                input()
                """, Map.of("wall_ms", 600));
        assertThat(node.awaitEnd(works).get("outcome").textValue()).isEqualTo("WALL_LIMIT");
        try (Console console = open(node, waits)) {
            console.until("need_input");
            // By now the first program, which had the same time, was stopped for it.
            console.send(type("page", 1, "\n"));
            console.until("end");
        }
        JsonNode job = node.awaitEnd(waits);
        assertThat(job.get("outcome").textValue()).isEqualTo("OK");
        assertThat(job.at("/usage/wall_ms").longValue()).isLessThan(600);
    }

    @Test
    void a_program_of_asyncio_waits_too(TestNode node) throws Exception {
        String id = interactive(node, ASYNC, Map.of("wall_ms", 2_000));
        try (Console console = open(node, id)) {
            for (int n = 1; n <= 2; n++) {
                console.until("need_input");
                console.send(type("page", n, n + "\n"));
                assertThat(EventStream.text(console.until("out"), "out")).isEqualTo("got " + n + "\n");
            }
            console.until("need_input");
            console.send("{\"op\":\"eof\"}");
            console.until("end");
        }
        assertThat(node.awaitEnd(id).get("outcome").textValue()).isEqualTo("OK");
    }

    @Test
    void nobody_answers_for_too_long(TestNode node) throws Exception {
        JsonNode job = node.awaitEnd(interactive(node, """
                import threading, time
                def clock():
                    while True:
                        time.sleep(0.15)
                        print("tick")
                threading.Thread(target=clock, daemon=True).start()
                input()
                """, Map.of("idle_ms", 700)));
        assertThat(job.get("outcome").textValue()).isEqualTo("IDLE_LIMIT");
        assertThat(job.get("limits_hit")).hasToString("[\"idle\"]");
        assertThat(job.get("message").textValue()).startsWith("Stopped after waiting 700 ms for input");
    }

    @Test
    void what_cannot_be_taken_is_refused_and_changes_nothing(TestNode node) throws Exception {
        String plain = node.submit("import time; time.sleep(50)");
        node.awaitStart(plain);
        assertThat(stdin(node, plain, "", "x").body()).contains("\"status\":409", "not interactive");
        assertThat(stdin(node, plain, "", "").body()).contains("\"status\":400");
        for (String bad :
                List.of("", "5", "{}", "{\"signal\":\"HUP\"}", "{\"signal\":9}", "{\"signal\":\"INT\",\"x\":1}")) {
            assertThat(signal(node, plain, bad).statusCode()).as(bad).isEqualTo(400);
        }
        assertThat(signal(node, plain, "{\"signal\":\"KILL\"}").statusCode()).isEqualTo(204);
        assertThat(node.awaitEnd(plain).get("signal").textValue()).isEqualTo("SIGKILL");
        assertThat(signal(node, plain, "{\"signal\":\"INT\"}").body()).contains("\"status\":409", "has ended");
        assertThat(stdin(node, plain.replaceFirst("-....", "-0000"), "", "x").statusCode())
                .isEqualTo(404);

        String over = interactive(node, ECHO);
        assertThat(stdin(node, over, "?eof=true", "").statusCode()).isEqualTo(204);
        assertThat(stdin(node, over, "", "late").statusCode()).isEqualTo(409);
        node.awaitEnd(over);

        String much = interactive(node, "import time; time.sleep(50)");
        String chunk = "x".repeat(5 << 20);
        assertThat(stdin(node, much, "", chunk).statusCode()).isEqualTo(204);
        assertThat(stdin(node, much, "", chunk).body()).contains("\"status\":413", "takes at most 8388608");
        node.send(node.request("/v1/jobs/" + much).DELETE());
        assertThat(node.awaitEnd(much).get("status").textValue()).isEqualTo("CANCELLED");
    }

    @Test
    void people_who_think_do_not_hold_up_the_queue(TestNode node) throws Exception {
        String first = interactive(node, ECHO);
        String second = interactive(node, ECHO);
        node.awaitStart(first);
        node.awaitStart(second);
        String third = interactive(node, ECHO);
        // Both slots for interactive jobs are taken; the others are not.
        assertThat(node.run("print(1)").get("stdout").textValue()).isEqualTo("1\n");
        JsonNode waiting = TestNode.JSON.readTree(node.get("/v1/jobs/" + third).body());
        assertThat(waiting.get("status").textValue()).isEqualTo("QUEUED");
        assertThat(waiting.at("/queue/position").intValue()).isEqualTo(1);
        stdin(node, first, "?eof=true", "");
        node.awaitStart(third);
        for (String id : List.of(second, third)) {
            stdin(node, id, "?eof=true", "");
        }
        for (String id : List.of(first, second, third)) {
            assertThat(node.awaitEnd(id).get("stdout").textValue()).isEqualTo("ready\nend\n");
        }
    }
}
