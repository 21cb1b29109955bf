package dev.onpyrunner.runner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.onpyrunner.Await;
import dev.onpyrunner.TestNode;
import dev.onpyrunner.files.FileTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Jails with copies of a warm interpreter, through a node. */
@Timeout(60)
class ZygoteIT {
    private static final String HOW = "print([l.split()[1] for l in open('/proc/self/status') if 'p_filters' in l][0])";
    private static final String COPY = "2\n";
    private static final String FRESH = "1\n";

    private static final String RUNTIME = "python3-early";

    private Path runtimes;
    private TestNode node;
    /** Of other nodes. */
    private List<ProcessHandle> others;

    @BeforeEach
    void prepare() throws IOException {
        runtimes = Files.createTempDirectory(
                "onpyrunner-runtimes-",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    }

    @AfterEach
    void close() throws IOException {
        node.close();
        FileTree.delete(runtimes);
    }

    private void start(String... settings) throws IOException {
        others = nsjails();
        Map<String, String> all = new HashMap<>(
                Map.of("runner.isolation", "entered", "runner.slots", "1", "runner.interactive_slots", "0"));
        for (int k = 0; k < settings.length; k += 2) {
            all.put(settings[k], settings[k + 1]);
        }
        node = TestNode.start(all);
    }

    /** Makes a runtime whose only package is this one, loaded ahead with others, and starts a node that has nothing else. */
    private void startWith(String module, String text, String... alsoAhead) throws IOException {
        Path packages = Files.createDirectories(runtimes.resolve(RUNTIME).resolve("packages"));
        Files.writeString(packages.resolve(module + ".py"), text);
        List<String> ahead = new ArrayList<>(List.of(alsoAhead));
        ahead.add(0, module);
        Files.writeString(
                runtimes.resolve(RUNTIME).resolve("runtime.json"),
                TestNode.JSON.writeValueAsString(
                        Map.of("preload", ahead, "environment", Map.of("A_VARIABLE", "of \"the\" runtime"))));
        start("runner.runtimes_dir", runtimes.toString(), "runner.runtimes", RUNTIME, "jobs.runtime", RUNTIME);
    }

    private String print(String source) throws Exception {
        JsonNode job = node.run(source);
        assertThat(job.path("stderr").textValue()).isEmpty();
        assertThat(job.path("outcome").textValue()).isEqualTo("OK");
        return job.path("stdout").textValue();
    }

    /** What the zygotes of this process' nodes run in. */
    private static List<ProcessHandle> nsjails() {
        return ProcessHandle.current()
                .descendants()
                .filter(p -> p.info().commandLine().orElse("").contains("zygote-"))
                .toList();
    }

    /** The zygotes of this node, or their forkers. */
    private List<ProcessHandle> warm(boolean forkers) {
        Stream<ProcessHandle> zygotes =
                nsjails().stream().filter(p -> !others.contains(p)).flatMap(ProcessHandle::children);
        return (forkers ? zygotes.flatMap(ProcessHandle::children) : zygotes).toList();
    }

    @Test
    void programs_get_copies_that_share_no_random_numbers() throws Exception {
        startWith(
                "early",
                "import random\nloaded = 'ahead'\nseed = random.random()\n",
                "random",
                "multiprocessing.process");
        assertThat(print(HOW)).isEqualTo(COPY);
        String program = """
                import multiprocessing, random, sys
                print('early' in sys.modules, __import__('early').loaded)
                print(random.random())
                print(multiprocessing.current_process().authkey.hex())
                """;
        Set<String> drawn = new HashSet<>();
        for (int k = 0; k < 3; k++) {
            List<String> lines = print(program).lines().toList();
            assertThat(lines.get(0)).isEqualTo("True ahead");
            drawn.addAll(lines.subList(1, 3));
        }
        assertThat(drawn).hasSize(6);
        assertThat(node.run("").path("runtime").textValue()).isEqualTo(RUNTIME);
        assertThat(print("import os; print(os.environ['A_VARIABLE'])")).isEqualTo("of \"the\" runtime\n");
        // another python, and one that is started anew for its variables, find the packages as well
        assertThat(print(
                        "import subprocess, sys\nprint(subprocess.run([sys.executable, '-c', 'import early; print(early.loaded)'],"
                                + " capture_output=True, text=True).stdout, end='')"))
                .isEqualTo("ahead\n");
        JsonNode again = node.run(Map.of("source", HOW, "env", Map.of("PYTHONHASHSEED", "7")));
        assertThat(again.path("stdout").textValue()).isEqualTo(COPY);
    }

    @Test
    void a_worn_one_is_replaced_while_jobs_run() throws Exception {
        start("runner.zygote.max_copies", "3");
        Set<String> seeds = new HashSet<>();
        for (int k = 0; k < 16; k++) {
            seeds.add(print("print(hash('seed'))"));
            assertThat(print(HOW)).isEqualTo(COPY);
        }
        assertThat(seeds).hasSizeBetween(3, 15);
        Await.until("the worn ones to end", () -> warm(false).size() == 1);
    }

    @Test
    void jobs_go_on_when_it_or_its_forkers_are_killed() throws Exception {
        start();
        for (boolean forkers : new boolean[] {true, false, true}) {
            // forkers of a dead zygote go on until the next one is ready
            Await.until(
                    "one to kill",
                    () -> print(HOW).equals(COPY) && !warm(forkers).isEmpty());
            warm(forkers).forEach(ProcessHandle::destroyForcibly);
            List<String> how = new ArrayList<>();
            for (int k = 0; k < 6; k++) {
                how.add(print(HOW));
            }
            assertThat(how).allMatch(h -> h.equals(COPY) || h.equals(FRESH));
            Await.until("copies to be made again", () -> print(HOW).equals(COPY));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "threads, 'import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()'",
        "shares, 'import mmap; kept = mmap.mmap(-1, 4096)'",
        "would_share, 'import mmap; kept = mmap.mmap(-1, 4096, prot=mmap.PROT_READ)'",
        "opens, 'kept = open(\"/dev/null\")'",
        "starts, 'import subprocess; kept = subprocess.Popen([\"sleep\", \"60\"])'",
        "fails, 'raise ImportError'",
        "ends, 'import os; os._exit(0)'",
    })
    void a_module_that_would_spoil_its_copies_is_not_loaded_ahead(String name, String text) throws Exception {
        startWith(name, text);
        assertThat(print(HOW)).isEqualTo(FRESH);
        assertThat(warm(false)).isEmpty();
    }
}
