package dev.onpyrunner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.job.Claim;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** {@code onpyrunner run} behaves like the program it runs. */
@ExtendWith(TestNode.class)
@Timeout(60)
class RunCommandIT {
    @TempDir
    private Path folder;

    private record Ended(int code, String out, String err) {}

    private static Ended run(String input, String... args) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of("run"));
        all.addAll(List.of(args));
        Process process = ServeProcess.command(all.toArray(String[]::new)).start();
        try (var stdin = process.getOutputStream()) {
            stdin.write(input.getBytes(StandardCharsets.UTF_8));
        }
        CompletableFuture<String> err = CompletableFuture.supplyAsync(() -> text(process.getErrorStream()));
        String out = text(process.getInputStream());
        try {
            return new Ended(process.waitFor(), out, err.get());
        } catch (ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    private static String text(java.io.InputStream stream) {
        try {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private String program(String source) throws IOException {
        Path file = folder.resolve("program.py");
        Files.writeString(file, source);
        return file.toString();
    }

    @Test
    void without_a_node_it_starts_its_own_and_counts_the_words_of_a_real_text() throws Exception {
        Process bare = new ProcessBuilder("/usr/bin/python3", "examples/wordcount.py")
                .redirectInput(Path.of("LICENSE").toFile())
                .start();
        String expected = text(bare.getInputStream());
        Ended ended = run("", "examples/wordcount.py", "--stdin", "LICENSE");
        assertThat(ended.out()).isEqualTo(expected).contains("words: ");
        assertThat(ended.code()).isZero();
        assertThat(ended.err()).isEmpty();
    }

    @Test
    void what_is_typed_at_a_terminal_reaches_the_program(TestNode node) throws Exception {
        String program =
                program("name = input('Name? ')\nprint('Hello', name)\nimport sys\nprint(sys.stdin.read().upper())");
        String command = String.join(
                " ",
                ServeProcess.command("run", program, "--url", node.node().url()).command());
        // A real terminal, whose other side is a pair of pipes.
        Process terminal = new ProcessBuilder("script", "-qec", command, "/dev/null").start();
        try (var keys = terminal.getOutputStream();
                var screen = terminal.inputReader()) {
            StringBuilder seen = new StringBuilder();
            read(screen, seen, "Name? ");
            keys.write("Ann\n".getBytes(StandardCharsets.UTF_8));
            keys.flush();
            read(screen, seen, "Hello Ann");
            keys.write("more\n\004".getBytes(StandardCharsets.UTF_8)); // Ctrl-D
            keys.flush();
            read(screen, seen, "MORE");
        }
        assertThat(terminal.waitFor()).isZero();
    }

    private static void read(java.io.Reader screen, StringBuilder seen, String until) throws IOException {
        while (seen.indexOf(until) < 0) {
            int c = screen.read();
            assertThat(c).as("more on the screen than: " + seen).isNotNegative();
            seen.append((char) c);
        }
    }

    @Test
    void output_and_errors_stay_apart_and_the_exit_code_is_the_programs(TestNode node) throws Exception {
        String program = program("import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)");
        Ended ended = run("", program, "--url", node.node().url());
        assertThat(ended.out()).isEqualTo("out\n");
        assertThat(ended.err()).isEqualTo("err\n");
        assertThat(ended.code()).isEqualTo(7);
    }

    @Test
    void what_is_piped_in_is_the_programs_input_and_args_arrive(TestNode node) throws Exception {
        String program = program("import sys; print(sys.stdin.read() + repr(sys.argv[1:]))");
        Ended ended = run("piped ü", program, "--url", node.node().url(), "--arg", "a b", "--arg", "--c");
        assertThat(ended.out()).isEqualTo("piped ü['a b', '--c']\n");
    }

    @Test
    void a_program_from_standard_input_runs(TestNode node) throws Exception {
        assertThat(run("print(6 * 7)", "-", "--url", node.node().url()).out()).isEqualTo("42\n");
    }

    @Test
    void limits_and_signals_have_the_usual_exit_codes(TestNode node) throws Exception {
        String url = node.node().url();
        String loop = program("while True: pass");
        Ended cpu = run("", loop, "--url", url, "--limit", "cpu_ms=300");
        assertThat(cpu.code()).isEqualTo(124);
        assertThat(cpu.err())
                .contains("of CPU time, the limit")
                .containsPattern("File \"/work/[^\"]+\", line 1 in <module>");
        assertThat(cpu.err()).contains("CPU time");
        String hog = program("x = bytearray(1 << 30)");
        assertThat(run("", hog, "--url", url).code()).isEqualTo(137);
        String crash = program("import os; os.kill(os.getpid(), 11)");
        Ended signal = run("", crash, "--url", url);
        assertThat(signal.code()).isEqualTo(139);
        assertThat(signal.err()).contains("SIGSEGV");
        String flood = program("while True: print('x' * 1000)");
        assertThat(run("", flood, "--url", url).code()).isEqualTo(153);
    }

    @Test
    void json_is_the_ended_job(TestNode node) throws Exception {
        Ended ended = run("", program("print(1)"), "--url", node.node().url(), "--json");
        JsonNode job = TestNode.JSON.readTree(ended.out());
        assertThat(job.path("outcome").asText()).isEqualTo("OK");
        assertThat(job.path("stdout").asText()).isEqualTo("1\n");
    }

    @Test
    void files_that_were_asked_for_are_saved_and_those_that_are_there_are_left() throws Exception {
        try (TestNode own = TestNode.start(Map.of("roles", "http"));
                HandRunner runner = new HandRunner(own)) {
            Path into = folder.resolve("results");
            String[] args = {
                program("print(1)"),
                "--url",
                own.node().url(),
                "--collect",
                "**/*.bin",
                "--collect",
                "*.png",
                "--into",
                into.toString()
            };
            byte[] bytes = {0, (byte) 0xff, 10};
            Ended saved = runAgainst(runner, Map.of("a.bin", Buffer.buffer(bytes), "out/b.bin", Buffer.buffer()), args);
            assertThat(saved.code()).as(saved.err()).isZero();
            assertThat(saved.err()).isEqualTo("onpyrunner: no file matches '*.png'\n");
            assertThat(Files.readAllBytes(into.resolve("a.bin"))).isEqualTo(bytes);
            assertThat(into.resolve("out/b.bin")).isEmptyFile();

            Map<String, Buffer> other = Map.of("a.bin", Buffer.buffer("x"), "p.png", Buffer.buffer("y"));
            Ended left = runAgainst(runner, other, args);
            assertThat(left.code()).isEqualTo(2);
            assertThat(left.err()).contains("a.bin is there already");
            assertThat(Files.readAllBytes(into.resolve("a.bin"))).isEqualTo(bytes);
            assertThat(into.resolve("p.png")).hasContent("y");

            List<String> forced = new ArrayList<>(List.of(args));
            forced.add("--force");
            assertThat(runAgainst(runner, other, forced.toArray(String[]::new))).isEqualTo(new Ended(0, "", ""));
            assertThat(into.resolve("a.bin")).hasContent("x");
        }
    }

    /** Runs the command while its job is ended by hand. */
    private static Ended runAgainst(HandRunner runner, Map<String, Buffer> files, String... args) throws Exception {
        CompletableFuture<Ended> command = CompletableFuture.supplyAsync(() -> {
            try {
                return run("", args);
            } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        Claim claim = runner.claim();
        assertThat(claim.spec().collect()).containsExactly("**/*.bin", "*.png");
        runner.end(claim, files);
        return command.get();
    }

    @Test
    void mistakes_are_named_and_end_with_two(TestNode node) throws Exception {
        assertThat(run("", "no-such-file.py"))
                .matches(e -> e.code() == 2 && e.err().contains("There is no file no-such-file.py"));
        assertThat(run("", program(""), "--url", node.node().url(), "--limit", "cpu_ms=999999999"))
                .matches(e -> e.code() == 2 && e.err().contains("/limits/cpu_ms"));
        assertThat(run("", program(""), "--url", "http://127.0.0.1:1"))
                .matches(e -> e.code() == 2 && e.err().contains("http://127.0.0.1:1"));
        assertThat(run("", program(""), "--url", node.node().url(), "--collect", "../x"))
                .matches(e -> e.code() == 2 && e.err().contains("--collect '../x'"));
        assertThat(run("", program(""), "--no-such-flag")).matches(e -> e.code() == 2);
    }
}
