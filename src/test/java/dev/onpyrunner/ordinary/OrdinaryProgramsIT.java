package dev.onpyrunner.ordinary;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.TestNode;
import java.io.IOException;
import java.io.OutputStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Ordinary programs notice nothing of the jail: their output, errors and end are, byte for byte, those under a bare
 * python3 in a folder of its own.
 *
 * <p>Each runs three times at once: bare, in a jail that may have waited for it, and in one that cannot have, because
 * the job asks for what no waiting jail has.
 */
@ExtendWith(TestNode.class)
class OrdinaryProgramsIT {
    /** What nsjail/job.cfg gives to programs. */
    private static final Map<String, String> ENVIRONMENT = Map.of(
            "PATH", "/usr/bin:/bin",
            "HOME", "/work",
            "USER", "user",
            "LANG", "C.UTF-8",
            "TZ", "UTC");

    private static final String WORK = "/work";
    private static final long OTHER_DISK_BYTES = 50L << 20;
    private static final long LIMIT_S = 30;
    /** Addresses are different every time, under a bare python3 as well. */
    private static final Pattern ADDRESS = Pattern.compile("0x[0-9a-f]{8,}");

    private static final ExecutorService THREADS = Executors.newCachedThreadPool();

    /** Java tells the end by a signal as an exit code: its number and this. */
    private static final int SIGNALED = 128;

    private static final Map<String, Integer> SIGNALS =
            Map.of("SIGINT", 2, "SIGABRT", 6, "SIGKILL", 9, "SIGSEGV", 11, "SIGTERM", 15);

    /** How a program ended. Bytes stand as ISO 8859-1. */
    private record End(int code, String stdout, String stderr) {}

    @AfterAll
    static void stop() {
        THREADS.shutdownNow();
    }

    @Test
    void there_are_at_least_60() throws IOException {
        assertThat(OrdinaryProgram.all()).hasSizeGreaterThanOrEqualTo(60);
    }

    @TestFactory
    Stream<DynamicTest> is_as_with_a_bare_python(TestNode node) throws IOException {
        return OrdinaryProgram.all().stream()
                .map(program -> DynamicTest.dynamicTest(program.name(), () -> {
                    Future<End> bare = THREADS.submit(() -> bare(program, Map.of()));
                    Future<End> warm = THREADS.submit(() -> jailed(program, Map.of(), Map.of(), node));
                    Future<End> cold = THREADS.submit(
                            () -> jailed(program, Map.of("disk_bytes", OTHER_DISK_BYTES), Map.of(), node));
                    assertThat(get(warm)).as("%s, warm", program.name()).isEqualTo(get(bare));
                    assertThat(get(cold)).as("%s, cold", program.name()).isEqualTo(get(bare));
                }));
    }

    /** What steers the interpreter's own start; all these must reach it, not only the program's children. */
    @TestFactory
    Stream<DynamicTest> variables_of_the_interpreter_work(TestNode node) {
        OrdinaryProgram program = OrdinaryProgram.named("variables_of_the_interpreter");
        return Stream.of(
                        "PYTHONHASHSEED=0",
                        "PYTHONOPTIMIZE=2",
                        "PYTHONUNBUFFERED=1",
                        "PYTHONDONTWRITEBYTECODE=1",
                        "PYTHONWARNINGS=error",
                        "PYTHONIOENCODING=latin-1",
                        "PYTHONPATH=lib",
                        "PYTHONSAFEPATH=1",
                        "PYTHONPYCACHEPREFIX=/tmp/cache",
                        "PYTHONINTMAXSTRDIGITS=1000",
                        "PYTHONNOUSERSITE=1",
                        "PYTHONUTF8=0")
                .map(variable -> DynamicTest.dynamicTest(variable, () -> {
                    int equals = variable.indexOf('=');
                    Map<String, String> more = Map.of(variable.substring(0, equals), variable.substring(equals + 1));
                    Future<End> bare = THREADS.submit(() -> bare(program, more));
                    assertThat(jailed(program, Map.of(), more, node))
                            .as(variable)
                            .isEqualTo(get(bare));
                }));
    }

    private static <T> T get(Future<T> future) throws Exception {
        try {
            return future.get(LIMIT_S, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        }
    }

    private static End jailed(
            OrdinaryProgram program, Map<String, Long> limits, Map<String, String> variables, TestNode node)
            throws IOException, InterruptedException {
        List<Map<String, String>> files = program.files().entrySet().stream()
                .map(f -> Map.of("path", f.getKey(), "content", f.getValue()))
                .toList();
        JsonNode job = node.run(Map.of(
                "files", files, "args", program.args(), "stdin", program.stdin(), "env", variables, "limits", limits));
        assertThat(job.path("status").asText()).as("%s", job).isEqualTo("DONE");
        assertThat(job.path("limits_hit")).as("%s", job).isEmpty();
        String path = "/v1/jobs/" + job.path("id").asText();
        return end(
                job.path("exit_code").isNumber()
                        ? job.path("exit_code").asInt()
                        : SIGNALED + SIGNALS.get(job.path("signal").asText()),
                bytes(path + "/stdout", node),
                bytes(path + "/stderr", node));
    }

    private static String bytes(String path, TestNode node) throws IOException, InterruptedException {
        return node.http()
                .send(node.request(path).GET().build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.ISO_8859_1))
                .body();
    }

    private static End bare(OrdinaryProgram program, Map<String, String> variables) throws Exception {
        Path folder = Files.createTempDirectory("ordinary-");
        try {
            for (Map.Entry<String, String> file : program.files().entrySet()) {
                Path path = folder.resolve(file.getKey());
                Files.createDirectories(path.getParent());
                Files.writeString(path, file.getValue());
            }
            // As in the jail, whatever this process ignores and masks; the shell adds variables of its own.
            List<String> command = new ArrayList<>(List.of(
                    "sh",
                    "-c",
                    "umask 022; exec env -u PWD -u OLDPWD -u SHLVL -u _ --default-signal \"$@\"",
                    "sh",
                    "/usr/bin/python3",
                    OrdinaryProgram.ENTRY));
            command.addAll(program.args());
            ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
            builder.environment().clear();
            builder.environment().putAll(ENVIRONMENT);
            builder.environment().putAll(variables);
            Process process = builder.start();
            THREADS.execute(() -> feed(process.getOutputStream(), program.stdin()));
            Future<byte[]> stderr =
                    THREADS.submit(() -> process.getErrorStream().readAllBytes());
            String stdout = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
            return end(
                    process.waitFor(),
                    stdout.replace(folder.toString(), WORK),
                    new String(get(stderr), StandardCharsets.ISO_8859_1).replace(folder.toString(), WORK));
        } finally {
            delete(folder);
        }
    }

    private static void feed(OutputStream stdin, String text) {
        try (stdin) {
            stdin.write(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // The program has ended without reading all of it.
        }
    }

    private static End end(int code, String stdout, String stderr) {
        return new End(
                code,
                ADDRESS.matcher(stdout).replaceAll("0x?"),
                ADDRESS.matcher(stderr).replaceAll("0x?"));
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
        }
    }
}
