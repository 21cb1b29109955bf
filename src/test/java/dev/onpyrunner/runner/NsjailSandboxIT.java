package dev.onpyrunner.runner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.onpyrunner.Await;
import dev.onpyrunner.ChangedJail;
import dev.onpyrunner.job.JobEvent;
import dev.onpyrunner.job.JobFile;
import dev.onpyrunner.job.JobSpec;
import dev.onpyrunner.job.Limits;
import dev.onpyrunner.job.Outcome;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.ThreadingModel;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Slots, as seen by the runner: real nsjails that wait, are used once, die, and are replaced. */
@Timeout(60)
class NsjailSandboxIT {
    private static final Interpreter INTERPRETER = MachinePython.fresh();
    private static final Limits LIMITS = new Limits(5_000, 10_000, 1_000, 128 << 20, 1 << 20, 32, 16 << 20);
    private static final RunnerSettings SETTINGS = settings(Path.of("nsjail"));

    private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(false));
    private Context context;
    private NsjailSandbox sandbox;

    private static RunnerSettings settings(Path jailDir) {
        return settings(jailDir, INTERPRETER);
    }

    private static RunnerSettings settings(Path jailDir, Interpreter interpreter) {
        return new RunnerSettings(
                1,
                0,
                List.of(interpreter),
                interpreter.python(),
                Path.of(System.getenv("ONPY_RUNNER_NSJAIL")),
                jailDir,
                210_000,
                3_000,
                0,
                Optional.empty());
    }

    @TempDir
    private Path folder;

    @BeforeEach
    void open() {
        open(SETTINGS);
    }

    private void open(RunnerSettings settings) {
        Promise<Void> opened = Promise.promise();
        VerticleBase home = new VerticleBase() {
            @Override
            public Future<?> start() {
                NsjailSandboxIT.this.context = vertx.getOrCreateContext();
                return vertx.executeBlocking(
                                () -> NsjailSandbox.open(
                                        vertx, settings, settings.interpreters().get(0), LIMITS),
                                false)
                        .compose(s -> {
                            sandbox = s;
                            return s.park();
                        })
                        .onComplete(opened);
            }
        };
        vertx.deployVerticle(home, new io.vertx.core.DeploymentOptions().setThreadingModel(ThreadingModel.WORKER));
        Await.get(opened.future());
    }

    @AfterEach
    void close() {
        Await.get(there(() -> sandbox.close()));
        Await.get(vertx.close());
    }

    /** Runs on the sandbox's own context. */
    private <T> Future<T> there(Supplier<Future<T>> what) {
        Promise<T> done = Promise.promise();
        context.runOnContext(v -> what.get().onComplete(done));
        return done.future();
    }

    private record Ran(Verdict verdict, String stdout) {}

    private static JobSpec spec(String program, String stdin, Limits limits) {
        return new JobSpec(
                List.of(new JobFile("main.py", Buffer.buffer(program))),
                "main.py",
                Buffer.buffer(stdin),
                List.of(),
                Map.of(),
                "python3",
                limits,
                0,
                1,
                1);
    }

    private Ran run(String program, String stdin, Limits limits) {
        return Await.get(there(() -> {
            OutputLog log = new OutputLog(1, limits.outputBytes());
            Execution execution = new Execution(vertx, sandbox, spec(program, stdin, limits), 0, log, () -> {});
            return execution
                    .run()
                    .map(verdict -> {
                        StringBuilder out = new StringBuilder();
                        log.take().stream()
                                .filter(e -> e.kind().equals(JobEvent.OUT))
                                .forEach(e -> out.append(e.data()));
                        return new Ran(verdict, out.toString());
                    })
                    .eventually(execution::close);
        }));
    }

    private void assertHealthy(String input) {
        Ran ran = run("print(input())", input + "\n", LIMITS);
        assertThat(ran.verdict().result().outcome()).isEqualTo(Outcome.OK);
        assertThat(ran.stdout()).isEqualTo(input + "\n");
    }

    /** The nsjails of this sandbox that listen. */
    private List<ProcessHandle> listeners() {
        return ProcessHandle.current()
                .children()
                .filter(p -> p.info().commandLine().orElse("").contains(sandbox.folder() + "/slot-"))
                .toList();
    }

    /** The jails' first processes. */
    private List<ProcessHandle> parked() {
        return listeners().stream().flatMap(ProcessHandle::children).toList();
    }

    private void awaitTwoParked() {
        Await.until("both slots have a jail that waits", () -> parked().size() == 2);
    }

    @Test
    void each_program_has_a_jail_that_waited_for_it_and_then_another_one_waits() {
        awaitTwoParked();
        List<ProcessHandle> before = parked();
        for (int i = 0; i < 10; i++) {
            assertHealthy("job " + i);
        }
        awaitTwoParked();
        assertThat(parked()).doesNotContainAnyElementsOf(before);
        assertThat(listeners()).hasSize(2);
    }

    @Test
    void a_parked_jail_that_dies_is_replaced() {
        awaitTwoParked();
        List<ProcessHandle> before = parked();
        before.forEach(ProcessHandle::destroyForcibly);
        Await.until(
                "others wait", () -> parked().size() == 2 && parked().stream().noneMatch(before::contains));
        assertHealthy("after the death of parked jails");
    }

    @Test
    void an_nsjail_that_dies_is_replaced() {
        awaitTwoParked();
        List<ProcessHandle> before = listeners();
        before.forEach(ProcessHandle::destroyForcibly);
        Await.until(
                "others listen and jails wait",
                () -> listeners().size() == 2
                        && listeners().stream().noneMatch(before::contains)
                        && parked().size() == 2);
        assertHealthy("after the death of nsjail");
    }

    @Test
    void a_running_program_whose_nsjail_dies_is_a_failure_of_the_sandbox_and_the_slot_recovers() {
        Ran ran = Await.get(there(() -> {
            OutputLog log = new OutputLog(1, LIMITS.outputBytes());
            Execution[] execution = new Execution[1];
            execution[0] = new Execution(
                    vertx,
                    sandbox,
                    spec("print('here', flush=True)\nimport time\ntime.sleep(60)", "", LIMITS),
                    0,
                    log,
                    () -> listeners().forEach(ProcessHandle::destroyForcibly));
            return execution[0].run().map(v -> new Ran(v, "")).eventually(execution[0]::close);
        }));
        assertThat(ran.verdict().result().error()).isNotNull();
        // The other slot's nsjail was killed as well, and a jail may be given a program before its death is seen.
        Await.until(
                "programs to run again",
                () -> run("", "", LIMITS).verdict().result().outcome() == Outcome.OK);
        assertHealthy("after the death of nsjail under a program");
    }

    @Test
    void a_stranger_at_an_nsjails_port_gets_nothing_and_disturbs_nobody() throws IOException {
        awaitTwoParked();
        for (InetSocketAddress address : addresses()) {
            try (Socket stranger = new Socket(address.getAddress(), address.getPort())) {
                stranger.setSoTimeout(10_000);
                byte[] said = stranger.getInputStream().readAllBytes();
                assertThat(new String(said, StandardCharsets.UTF_8)).contains("/bay/s");
            }
        }
        assertHealthy("after a stranger's call");
        awaitTwoParked();
    }

    private List<InetSocketAddress> addresses() {
        return listeners().stream()
                .map(p -> List.of(p.info().arguments().orElseThrow()))
                .map(a -> new InetSocketAddress(
                        a.get(a.indexOf("--bindhost") + 1), Integer.parseInt(a.get(a.indexOf("-p") + 1))))
                .toList();
    }

    @Test
    void another_size_of_disk_is_made_for_the_program() {
        Limits other = new Limits(5_000, 10_000, 1_000, 128 << 20, 1 << 20, 32, 3 << 20);
        String program = "import os; s = os.statvfs('/work'); print(s.f_blocks * s.f_frsize >> 20)";
        assertThat(run(program, "", LIMITS).stdout()).isEqualTo("16\n");
        assertThat(run(program, "", other).stdout()).isEqualTo("3\n");
        assertThat(run(program, "", LIMITS).stdout()).isEqualTo("16\n");
    }

    @Test
    void usage_is_near_to_what_was_used() {
        Ran memory = run("x = bytearray(64 << 20)\nprint(1)", "", LIMITS);
        assertThat(memory.verdict().result().usage().memoryPeakBytes()).isBetween(64L << 20, 80L << 20);
        Ran cpu = run("import time\nwhile time.process_time() < 0.4: pass\nprint(time.process_time())", "", LIMITS);
        long own = (long) (Double.parseDouble(cpu.stdout()) * 1000);
        assertThat(cpu.verdict().result().usage().cpuMs()).isBetween(own * 9 / 10, own * 11 / 10 + 5);
    }

    /** An IPC namespace goes some 100 ms after its last process. */
    @Test
    void what_a_program_left_is_not_taken_off_the_next_ones_account() {
        String leaves = """
                import ctypes
                libc = ctypes.CDLL(None)
                libc.shmat.restype = ctypes.c_void_p
                for _ in range(25):
                    segment = libc.shmget(0, 4 << 20, 0o1600)
                    ctypes.memset(libc.shmat(segment, None, 0), 1, 4 << 20)
                print("left")
                """;
        Limits little = new Limits(5_000, 10_000, 1_000, 64 << 20, 1 << 20, 32, 16 << 20);
        for (int i = 0; i < 4; i++) {
            assertThat(run(leaves, "", LIMITS).stdout()).isEqualTo("left\n");
            Verdict hog = run("x = bytearray(80 << 20)", "", little).verdict();
            assertThat(hog.result().outcome()).isEqualTo(Outcome.MEMORY_LIMIT);
            Verdict small = run("print(1)", "", little).verdict();
            assertThat(small.result().outcome()).isEqualTo(Outcome.OK);
            assertThat(small.result().usage().memoryPeakBytes()).isBetween(4L << 20, 20L << 20);
        }
    }

    @Test
    void the_stack_is_told_at_a_time_limit_and_is_not_in_the_output() {
        Limits brief = new Limits(5_000, 200, 1_000, 128 << 20, 1 << 20, 32, 16 << 20);
        String program = "import time\ndef wait():\n    time.sleep(60)\nwait()";
        // A busy machine may not let it show its stack in time.
        Ran ran = Await.value(
                "a stack",
                () -> run(program, "", brief),
                r -> r.verdict().result().stack() != null);
        assertThat(ran.verdict().result().outcome()).isEqualTo(Outcome.WALL_LIMIT);
        assertThat(ran.verdict().result().stack())
                .contains("File \"/work/main.py\", line 3 in wait")
                .contains("File \"/work/main.py\", line 4 in <module>");
    }

    @Test
    void a_jail_that_hears_nothing_ends_at_its_limit_all_the_same() throws IOException {
        Await.get(there(() -> sandbox.close()));
        String taken = "    frame = _read(_number(_read(4), 0))\n";
        Path deaf = ChangedJail.in(
                folder.resolve("jail"),
                "bootstrap.py",
                s -> s.replace(taken, taken + "    import select; select.select([], [], [])\n"));
        open(settings(deaf));
        Limits brief = new Limits(5_000, 200, 1_000, 128 << 20, 1 << 20, 32, 16 << 20);
        assertThat(run("print(1)", "", brief).verdict().result().outcome()).isEqualTo(Outcome.WALL_LIMIT);
        awaitTwoParked();
    }

    @Test
    void closing_leaves_no_process_and_no_folder() {
        assertHealthy("before the end");
        awaitTwoParked();
        List<ProcessHandle> before = parked();
        Await.get(there(() -> sandbox.close()));
        assertThat(listeners()).isEmpty();
        // Each is killed; the kernel takes a moment to be done with it.
        before.forEach(p -> Await.get(Future.fromCompletionStage(p.onExit())));
        assertThat(sandbox.folder()).doesNotExist();
        open();
    }

    @Test
    void copies_are_used_when_what_made_one_ends_a_little_later() throws IOException {
        Await.get(there(() -> sandbox.close()));
        Interpreter warm = new Interpreter(
                INTERPRETER.runtime(),
                INTERPRETER.version(),
                INTERPRETER.python(),
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                List.of(),
                List.of(),
                true,
                1_000,
                60_000);
        open(settings(Path.of("nsjail"), warm));
        Process late = new ProcessBuilder("cat").start();
        for (Path door : sandbox.parkedSlots().get(0).group().doors()) {
            Cgroups.write(door, late.pid());
        }
        vertx.setTimer(300, t -> late.destroy());
        SelfTest test = new SelfTest(vertx, sandbox, warm, LIMITS);
        assertThat(Await.get(there(test::copies)))
                .hasValueSatisfying(f -> assertThat(f.held()).as(f.detail()).isEqualTo(SelfTest.Held.YES));
        assertThat(late.isAlive()).isFalse();
    }
}
