package dev.onpyrunner.runner;

import dev.onpyrunner.job.JobEvent;
import dev.onpyrunner.job.JobFile;
import dev.onpyrunner.job.JobSpec;
import dev.onpyrunner.job.Limits;
import dev.onpyrunner.job.Outcome;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.ThreadingModel;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Tries every limit and every denied system call for real: programs that want to get past them, in the real jail, under
 * the limits that jobs have.
 */
public final class SelfTest {
    private static final long MIB = 1 << 20;
    private static final long PAGE = 4096;
    /** What the finding about {@link Zygotes} is called. */
    static final String COPIES = "copies of a warm interpreter";

    private static final String INPUT = "the input";
    /** No check needs so long; it is for a machine in trouble. */
    private static final long TIMEOUT_MS = 30_000;

    /** How long a program that waits for input is looked at, and after how long it is stopped for that. */
    private static final long LOOK_MS = 3_000;

    private static final long IDLE_MS = 250;

    /** What has put a copy into its jail is in the slot's control group, too, until it ends a moment later. */
    private static final long ALONE_WITHIN_MS = 5_000;

    private static final long LOOK_AGAIN_MS = 20;

    /** Whether something is held. */
    public enum Held {
        YES,
        NO,
        UNKNOWN
    }

    /**
     * What one check found.
     *
     * @param what what was to be held
     * @param detail how it was tried; when it is not held, what happened; when that is not known, why
     */
    public record Finding(String what, Held held, String detail) {
        @Override
        public String toString() {
            return what + ": " + detail;
        }

        private Finding of(String prefix) {
            return new Finding(prefix + what, held, detail);
        }
    }

    /** What an execution shows: null when all is well, else what is wrong. */
    private interface Judge {
        Future<String> judge(Verdict verdict, String stdout, Sandbox.Jail jail);
    }

    /**
     * One check.
     *
     * @param needsGroups without control groups it cannot be held for all processes of a job together
     */
    private record Check(String what, String how, String program, Limits limits, boolean needsGroups, Judge judge) {}

    private final Vertx vertx;
    private final NsjailSandbox sandbox;
    private final Interpreter interpreter;
    private final Limits standard;
    private final ServerSocket somebody;

    SelfTest(Vertx vertx, NsjailSandbox sandbox, Interpreter interpreter, Limits standard) {
        this.vertx = vertx;
        this.sandbox = sandbox;
        this.interpreter = interpreter;
        this.standard = standard;
        try {
            somebody = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Opens a sandbox by these settings, tries everything, and closes it.
     *
     * @param limits limits of jobs that ask for none
     * @return the findings; fails with {@link Sandbox.SandboxException} when there can be no jail at all
     */
    public static Future<List<Finding>> onThisMachine(Vertx vertx, RunnerSettings settings, Limits limits) {
        Promise<List<Finding>> findings = Promise.promise();
        VerticleBase patient = new VerticleBase() {
            @Override
            public Future<?> start() {
                List<Finding> all = new ArrayList<>();
                Future<Void> tried = Future.succeededFuture();
                for (Interpreter interpreter : settings.interpreters()) {
                    String of = settings.interpreters().indexOf(interpreter) == 0 ? "" : interpreter.runtime() + ": ";
                    tried = tried.compose(v -> onThisMachine(vertx, settings, interpreter, limits))
                            .onSuccess(found -> found.forEach(f -> all.add(f.of(of))))
                            .mapEmpty();
                }
                return tried.map(all).onComplete(findings);
            }
        };
        // A failed deployment tells the same failure.
        vertx.deployVerticle(patient, new DeploymentOptions().setThreadingModel(ThreadingModel.WORKER));
        return findings.future();
    }

    private static Future<List<Finding>> onThisMachine(
            Vertx vertx, RunnerSettings settings, Interpreter interpreter, Limits limits) {
        return vertx.executeBlocking(() -> NsjailSandbox.open(vertx, settings, interpreter, limits), false)
                .compose(sandbox -> sandbox.park()
                        .compose(v -> new SelfTest(vertx, sandbox, interpreter, limits).run())
                        .eventually(sandbox::close));
    }

    private List<Check> checks() {
        Limits l = standard;
        Limits small = new Limits(2_000, 5_000, l.idleMs(), 128 * MIB, 10_000, 16, l.diskBytes());
        Limits smallDisk = new Limits(5_000, 10_000, l.idleMs(), 256 * MIB, 10_000, 16, MIB);
        return List.of(
                new Check(
                        "a program runs",
                        "hello, with input and output",
                        "print(input())",
                        l,
                        false,
                        ended(Outcome.OK, INPUT + "\n")),
                new Check(
                        "CPU time",
                        "an endless loop with 100 ms",
                        "while True: pass",
                        with(l, 100, l.wallMs(), l.memoryBytes(), l.outputBytes(), l.processes()),
                        false,
                        ended(Outcome.CPU_LIMIT, "")),
                new Check(
                        "time on the clock",
                        "a sleep with 100 ms",
                        "import time; time.sleep(60)",
                        with(l, l.cpuMs(), 100, l.memoryBytes(), l.outputBytes(), l.processes()),
                        false,
                        ended(Outcome.WALL_LIMIT, "")),
                new Check(
                        "memory",
                        "64 MiB with 32 MiB",
                        "x = bytearray(64 << 20)",
                        with(l, l.cpuMs(), l.wallMs(), 32 * MIB, l.outputBytes(), l.processes()),
                        true,
                        ended(Outcome.MEMORY_LIMIT, "")),
                new Check(
                        "memory of files in memory",
                        "64 MiB in /tmp and /dev/shm with 48 MiB",
                        "for f in '/dev/shm/x', '/tmp/x': open(f, 'wb').write(bytes(1 << 20) * 32)",
                        with(l, l.cpuMs(), l.wallMs(), 48 * MIB, l.outputBytes(), l.processes()),
                        true,
                        ended(Outcome.MEMORY_LIMIT, "")),
                new Check("processes", "forks with 16", program("processes"), small, true, this::processes),
                new Check(
                        "output",
                        "an endless line with 10,000 bytes",
                        "while True: print('x' * 99, end='')",
                        small,
                        false,
                        ended(Outcome.OUTPUT_LIMIT, null)),
                new Check(
                        "disk", "large files and many folders, with 1 MiB", program("disk"), smallDisk, false, held()),
                new Check(
                        "files of this machine",
                        "reading and writing outside /work and /tmp",
                        program("files"),
                        small,
                        false,
                        held()),
                new Check("rights", "user, capabilities, setuid", program("rights"), small, false, held()),
                new Check("network", "this machine's loopback and beyond", program("network"), small, false, held()),
                new Check(
                        "system calls",
                        "each one that is denied, and the 32-bit and x32 ways in",
                        program("calls"),
                        small,
                        false,
                        held()),
                new Check(
                        "files out",
                        "links, pipes and sockets left to be taken for files",
                        program("links"),
                        small,
                        false,
                        this::onlyTheRegularFile),
                new Check(
                        "processes that want to stay",
                        "daemons, stopped, deaf to signals",
                        program("daemon"),
                        small,
                        false,
                        ended(Outcome.OK, "left\n")));
    }

    private static Limits with(Limits l, long cpuMs, long wallMs, long memory, long output, long processes) {
        return new Limits(cpuMs, wallMs, l.idleMs(), memory, output, processes, l.diskBytes());
    }

    private static String program(String name) {
        try (InputStream in = SelfTest.class.getResourceAsStream("/selftest/" + name + ".py")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Judge held() {
        return ended(Outcome.OK, "held\n");
    }

    /** The program must end so; {@code stdout} null means that its output does not matter. */
    private static Judge ended(Outcome outcome, String stdout) {
        return (verdict, said, jail) -> {
            boolean well = verdict.result().outcome() == outcome && (stdout == null || stdout.equals(said));
            return Future.succeededFuture(well ? null : described(verdict, said));
        };
    }

    private static String described(Verdict verdict, String said) {
        String text = said.strip();
        return verdict.result().message() + (text.isEmpty() ? "" : " It said: " + text);
    }

    private Future<String> processes(Verdict verdict, String said, Sandbox.Jail jail) {
        String count = said.strip();
        boolean well = count.matches("[0-9]{1,3}")
                && Integer.parseInt(count) <= 16
                && verdict.result().limitsHit().contains("processes");
        return Future.succeededFuture(well ? null : described(verdict, said));
    }

    private Future<String> onlyTheRegularFile(Verdict verdict, String said, Sandbox.Jail jail) {
        return jail.files().compose(listing -> {
            List<String> names =
                    listing.files().stream().map(Sandbox.Left::path).sorted().toList();
            if (!names.equals(List.of("main.py", "regular.txt"))) {
                return Future.succeededFuture("handed back: " + names);
            }
            return refused(jail, "link")
                    .compose(link -> refused(jail, "folder_link/etc/passwd").map(folder -> link && folder))
                    .map(both -> both ? null : "a link was followed");
        });
    }

    private static Future<Boolean> refused(Sandbox.Jail jail, String path) {
        return jail.file(path, MIB).transform(r -> Future.succeededFuture(r.failed()));
    }

    /** Runs all checks, as many at the same time as there are slots. */
    Future<List<Finding>> run() {
        return copies().compose(copies -> rest().map(found -> {
            List<Finding> all = new ArrayList<>(found);
            copies.ifPresent(f -> all.add(1, f));
            return all;
        }));
    }

    /** A copy of a warm interpreter that is not like a fresh one is not used. */
    Future<Optional<Finding>> copies() {
        if (!sandbox.zygotes().areUsed()) {
            return Future.succeededFuture(Optional.empty());
        }
        // Jails are made ahead for the standard limits: with any other disk an interpreter is started.
        long mib = standard.diskBytes() % MIB;
        long otherDisk = standard.diskBytes() + (mib < MIB / 2 ? PAGE : -PAGE);
        Limits forFresh = new Limits(
                standard.cpuMs(),
                standard.wallMs(),
                standard.idleMs(),
                standard.memoryBytes(),
                standard.outputBytes(),
                standard.processes(),
                otherDisk);
        return apart(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ALONE_WITHIN_MS))
                .compose(apart -> place(standard)
                        .compose(copy -> place(forFresh).map(fresh -> {
                            apart.addAll(differences(fresh, copy));
                            return apart;
                        })))
                .otherwise(e -> List.of(String.valueOf(e.getMessage())))
                .map(differences -> {
                    if (differences.isEmpty()) {
                        return new Finding(
                                COPIES, Held.YES, "one is in its jail's namespaces, and sees what a fresh one sees");
                    }
                    sandbox.refuseCopies();
                    return new Finding(
                            COPIES,
                            Held.UNKNOWN,
                            "they are not used, for they are not like fresh ones: " + differences);
                })
                .map(Optional::of);
    }

    private Future<List<String>> apart(long until) {
        return vertx.executeBlocking(this::namespaces, false)
                .otherwise(e -> new ArrayList<>(List.of(String.valueOf(e.getMessage()))))
                .compose(apart -> apart.isEmpty() || System.nanoTime() > until
                        ? Future.succeededFuture(apart)
                        : vertx.timer(LOOK_AGAIN_MS, TimeUnit.MILLISECONDS).compose(t -> apart(until)));
    }

    /** Where a copy is not in its jail. */
    private List<String> namespaces() throws IOException {
        List<String> apart = new ArrayList<>();
        for (NsjailSlot slot : sandbox.parkedSlots()) {
            List<Long> pids = slot.processes();
            Map<String, String> first = namespaces(String.valueOf(pids.get(0)));
            Map<String, String> ours = namespaces("self");
            for (long pid : pids) {
                if (!namespaces(String.valueOf(pid)).equals(first)) {
                    apart.add("process " + pid + " is not in the namespaces of its jail");
                }
            }
            first.entrySet().stream()
                    .filter(e -> !e.getKey().startsWith("time") && ours.containsValue(e.getValue()))
                    .forEach(e -> apart.add("the jail has this node's namespace " + e.getValue()));
        }
        return apart;
    }

    private static Map<String, String> namespaces(String pid) throws IOException {
        Map<String, String> links = new TreeMap<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc", pid, "ns"))) {
            for (Path link : all) {
                links.put(
                        link.getFileName().toString(),
                        Files.readSymbolicLink(link).toString());
            }
        }
        return links;
    }

    /** What a program sees of the place that it is in. */
    private Future<Set<String>> place(Limits limits) {
        OutputLog log = new OutputLog(1, limits.outputBytes());
        JobSpec spec = new JobSpec(
                List.of(new JobFile("main.py", Buffer.buffer(program("place")))),
                "main.py",
                Buffer.buffer(),
                List.of(),
                Map.of(),
                interpreter.runtime(),
                limits,
                0,
                1,
                1);
        Execution execution = new Execution(vertx, sandbox, spec, 0, log, () -> {});
        return execution
                .run()
                .timeout(TIMEOUT_MS, TimeUnit.MILLISECONDS)
                .map(verdict -> {
                    Buffer said = Buffer.buffer();
                    log.take().forEach(e -> said.appendBuffer(e.data()));
                    if (verdict.result().outcome() != Outcome.OK) {
                        throw new Sandbox.SandboxException(described(verdict, said.toString()));
                    }
                    // Which slot it was does not matter.
                    String text = said.toString().replaceAll("/(bay|slot)-[0-9]+", "/$1-N");
                    Set<String> lines = new LinkedHashSet<>(text.lines().toList());
                    return lines;
                })
                .eventually(execution::close);
    }

    private List<String> differences(Set<String> fresh, Set<String> copy) {
        List<String> all = new ArrayList<>();
        fresh.stream().filter(l -> !copy.contains(l)).forEach(l -> all.add("fresh: " + l));
        copy.stream()
                .filter(l -> !fresh.contains(l))
                // A module that is loaded ahead does there what it would do in the program.
                .filter(l -> interpreter.preload().isEmpty() || !(l.startsWith("module ") || l.startsWith("variable ")))
                .forEach(l -> all.add("copy: " + l));
        return all;
    }

    private Future<List<Finding>> rest() {
        Deque<Check> open = new ArrayDeque<>(checks());
        Map<String, Finding> found = new LinkedHashMap<>();
        open.forEach(c -> found.put(c.what(), null));
        List<Future<Void>> lines = new ArrayList<>();
        for (int line = 0; line < sandbox.slots(); line++) {
            lines.add(next(open, found));
        }
        Future<Finding> waits = inputWait();
        lines.add(waits.mapEmpty());
        return Future.join(lines).eventually(this::close).map(v -> {
            List<Finding> all = new ArrayList<>();
            all.add(new Finding(
                    "control groups",
                    sandbox.cgroups().areReal() ? Held.YES : Held.UNKNOWN,
                    sandbox.cgroups().describe()));
            all.addAll(found.values());
            all.add(waits.result());
            all.add(coreDumps());
            return all;
        });
    }

    /** A program that waits for somebody to type is seen to: else such programs run into their time on the clock. */
    private Future<Finding> inputWait() {
        String what = "waiting for input";
        Limits limits = new Limits(
                standard.cpuMs(),
                LOOK_MS,
                IDLE_MS,
                standard.memoryBytes(),
                10_000,
                standard.processes(),
                standard.diskBytes());
        JobSpec spec = new JobSpec(
                List.of(new JobFile("main.py", Buffer.buffer("input()"))),
                "main.py",
                Buffer.buffer(),
                true,
                List.of(),
                Map.of(),
                interpreter.runtime(),
                limits,
                List.of(),
                0,
                1,
                1,
                Optional.empty());
        Execution execution = new Execution(vertx, sandbox, spec, 0, new OutputLog(1, 10_000), () -> {});
        return execution
                .run()
                .timeout(TIMEOUT_MS, TimeUnit.MILLISECONDS)
                .map(verdict -> verdict.result().outcome() == Outcome.IDLE_LIMIT
                        ? new Finding(what, Held.YES, "the clock of an interactive program stands still while it waits")
                        : new Finding(
                                what,
                                Held.UNKNOWN,
                                "it cannot be seen here that a program waits for input, so its clock runs on: "
                                        + verdict.result().message()))
                .recover(e -> Future.succeededFuture(new Finding(what, Held.NO, e.getMessage())))
                .eventually(execution::close);
    }

    /** The kernel does not ask a process' own limit when it hands core dumps to a program. */
    private static Finding coreDumps() {
        String what = "core dumps";
        try {
            boolean piped =
                    Files.readString(Path.of("/proc/sys/kernel/core_pattern")).startsWith("|");
            return piped
                    ? new Finding(
                            what,
                            Held.UNKNOWN,
                            "a crash in a jail starts the program that this machine has for core dumps; turn that off:"
                                    + " sysctl kernel.core_pattern=core")
                    : new Finding(what, Held.YES, "none is written, and no program of this machine gets them");
        } catch (IOException e) {
            return new Finding(what, Held.UNKNOWN, "kernel.core_pattern cannot be read: " + e.getMessage());
        }
    }

    private Future<Void> next(Deque<Check> open, Map<String, Finding> found) {
        Check check = open.poll();
        if (check == null) {
            return Future.succeededFuture();
        }
        return run(check)
                .recover(e -> Future.succeededFuture(new Finding(check.what(), Held.NO, e.getMessage())))
                .compose(f -> {
                    found.put(check.what(), f);
                    return next(open, found);
                });
    }

    private Future<Finding> run(Check check) {
        if (check.needsGroups() && !sandbox.cgroups().areReal()) {
            return Future.succeededFuture(new Finding(
                    check.what(),
                    Held.UNKNOWN,
                    "for each process only, not for all of a job: there are no control groups"));
        }
        String input = check.what().equals("network") ? String.valueOf(somebody.getLocalPort()) : INPUT;
        JobSpec spec = new JobSpec(
                List.of(new JobFile("main.py", Buffer.buffer(check.program()))),
                "main.py",
                Buffer.buffer(input + "\n"),
                List.of(),
                Map.of(),
                interpreter.runtime(),
                check.limits(),
                0,
                1,
                1);
        OutputLog log = new OutputLog(1, check.limits().outputBytes());
        Execution execution = new Execution(vertx, sandbox, spec, 0, log, () -> {});
        return execution
                .run()
                .timeout(TIMEOUT_MS, TimeUnit.MILLISECONDS)
                .compose(verdict -> {
                    Buffer out = Buffer.buffer();
                    Buffer err = Buffer.buffer();
                    for (JobEvent e : log.take()) {
                        (e.kind().equals(JobEvent.OUT) ? out : err).appendBuffer(e.data());
                    }
                    String said = out.toString();
                    return check.judge()
                            .judge(verdict, said, execution.jail())
                            .map(wrong -> wrong == null
                                    ? new Finding(check.what(), Held.YES, check.how())
                                    : new Finding(check.what(), Held.NO, (wrong + " " + err).strip()));
                })
                .eventually(execution::close);
    }

    private Future<Void> close() {
        Promise<Void> closed = Promise.promise();
        try {
            somebody.close();
            closed.complete();
        } catch (IOException e) {
            closed.fail(e);
        }
        return closed.future();
    }
}
