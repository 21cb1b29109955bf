package dev.onpyrunner.runner;

import dev.onpyrunner.job.JobSpec;
import dev.onpyrunner.job.Limits;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A sandbox of nsjails: slots in which jails wait for their programs, twice as many as programs run at once, so that
 * the next jail is ready while the last one's slot is cleared.
 *
 * <p>Everything that jails need lies in one folder below the system's folder for temporary files, because nsjail walks
 * there with the slot's own user id: the prepared root, bound read-only, and for each slot a bay, in which the jail's
 * pid 1 finds our socket. The threads that start nsjail live as long as the sandbox: the kernel kills an nsjail when
 * the thread that started it ends.
 */
final class NsjailSandbox implements Sandbox {
    private static final Logger LOG = LoggerFactory.getLogger(NsjailSandbox.class);
    private static final String FOLDER_PREFIX = "onpyrunner-";
    static final String LOOPBACK = "127.0.0.1";
    /** Slots for each program that may run at once. */
    private static final int SLOTS_A_PROGRAM = 2;

    static final String LISTEN = "listen";
    private static final String ONCE = "once";
    private static final int MAX_SAID = 2_000;
    private static final long WAIT_MS = 20_000;
    private static final long REMOVE_AGAIN_MS = 10;
    private static final long REMOVE_WITHIN_MS = 5_000;
    /** One is used at a time, but nsjail may hear of a jail's end a second late. */
    private static final String MAX_CONNECTIONS = "16";

    private static final long MIB = 1 << 20;
    /**
     * Lets the kernel prefer jails to the node when the machine's memory runs out, writes the shell's pid to each door,
     * then becomes the command behind "--".
     */
    private static final String ENTER_AND_EXEC = "echo 500 > /proc/self/oom_score_adj; "
            + "while [ \"$1\" != -- ]; do echo $$ > \"$1\" || exit 96; shift; done; shift; exec \"$@\"";

    private final Vertx vertx;
    private final RunnerSettings settings;
    private final Limits parkedFor;
    private final Cgroups cgroups;
    private final UidBlock uids;
    private final Path folder;
    private final Path root;
    private final String template;
    private final List<String> init;
    private final boolean asRoot;
    private final int ownUid;
    private final int ownGid;
    private final WorkerExecutor starter;
    private final NetClient client;
    private final List<NsjailSlot> slots = new ArrayList<>();
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private boolean closed;

    /** A program for which no jail was parked yet. */
    private record Waiting(JobSpec spec, Listener listener, Promise<Jail> jail) {}

    /** An nsjail that makes a jail for each connection. */
    record Listening(Process process, int port) {}

    private NsjailSandbox(Vertx vertx, RunnerSettings settings, Limits parkedFor) throws IOException {
        this.vertx = vertx;
        this.settings = settings;
        this.parkedFor = parkedFor;
        this.cgroups = Cgroups.find();
        Path temp = Path.of(System.getProperty("java.io.tmpdir"));
        sweep(temp);
        folder = Files.createTempDirectory(
                temp, FOLDER_PREFIX + ProcessHandle.current().pid() + "-");
        // Others may pass, to what is meant for them, but not look around.
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
        ownUid = (Integer) Files.getAttribute(folder, "unix:uid");
        ownGid = (Integer) Files.getAttribute(folder, "unix:gid");
        asRoot = ownUid == 0;
        uids = asRoot ? UidBlock.take(temp, settings.uidBase()) : null;
        root = folder.resolve("root");
        template = Files.readString(settings.jailDir().resolve("job.cfg"))
                .replace("@ROOT@", root.toString())
                .replace("@DENY@", folder.resolve("deny.kafel").toString());
        init = prepareRoot();
        writePolicy();
        starter = vertx.createSharedWorkerExecutor(
                "onpyrunner-jail-starter-" + folder.getFileName(), 2, 1, TimeUnit.MINUTES);
        client = vertx.createNetClient(new NetClientOptions().setTcpNoDelay(true));
        for (int number = 0; number < slots(settings); number++) {
            Path bay = folder.resolve("bay-" + number);
            makeBay(bay, number);
            slots.add(new NsjailSlot(vertx, this, client, number, bay, cgroups.group(number)));
        }
    }

    /**
     * Prepares the sandbox. Blocks; {@link #park} then makes its jails.
     *
     * @param parkedFor limits of most programs: jails are made ahead for these, others start cold
     * @throws SandboxException when this machine lacks something, with a sentence that says what
     */
    static NsjailSandbox open(Vertx vertx, RunnerSettings settings, Limits parkedFor) {
        if (!Files.isExecutable(settings.nsjail())) {
            throw new SandboxException("There is no nsjail program at " + settings.nsjail()
                    + ". Start the node with ./onpyrunner, which fetches it, or set ONPY_RUNNER_NSJAIL to its path.");
        }
        if (!Files.exists(settings.jailDir().resolve("job.cfg"))) {
            throw new SandboxException("There is no job.cfg in " + settings.jailDir()
                    + ". Set ONPY_RUNNER_JAIL_DIR to the project's folder nsjail.");
        }
        try {
            NsjailSandbox sandbox = new NsjailSandbox(vertx, settings, parkedFor);
            if (!sandbox.cgroups.areReal()) {
                LOG.warn(
                        "control groups: {}. Memory, processes and CPU time are bounded for each process only. Run the node as root to have every limit held",
                        sandbox.cgroups.describe());
            } else {
                LOG.info("control groups: {}", sandbox.cgroups.describe());
            }
            return sandbox;
        } catch (IOException e) {
            throw new SandboxException("The jail's folders cannot be prepared: " + e.getMessage(), e);
        }
    }

    /** Makes the jails' root folder; the command that is their pid 1. */
    private List<String> prepareRoot() throws IOException {
        String version = output(List.of(
                        settings.python().toString(), "-IS", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"))
                .trim();
        String said = output(List.of(
                "sh",
                settings.jailDir().resolve("prepare-root").toAbsolutePath().toString(),
                root.toString(),
                architecture(),
                version));
        List<String> command = List.of(said.trim().split(" ", -1));
        if (command.size() > 1) {
            LOG.warn(
                    "there is no compiled pid 1 for {}: the one in Python costs 7 ms of CPU more a job",
                    architecture());
        }
        return command;
    }

    private static String architecture() {
        String name = System.getProperty("os.arch");
        return name.equals("amd64") ? "x86_64" : name;
    }

    /** The system-call filter, without the calls that this architecture does not have: nsjail refuses their names. */
    private void writePolicy() throws IOException {
        List<String> lines = Files.readAllLines(settings.jailDir().resolve("deny.kafel"));
        if (!architecture().equals("x86_64")) {
            lines.removeIf(l -> l.contains("// x86_64 only"));
        }
        Files.write(folder.resolve("deny.kafel"), lines);
    }

    private static String output(List<String> command) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new IOException(command.get(0) + " failed: " + said.trim());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        return said;
    }

    /** Removes the folders of nodes that are dead. */
    private static void sweep(Path temp) throws IOException {
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(temp, FOLDER_PREFIX + "*")) {
            for (Path old : folders) {
                String pid = old.getFileName()
                        .toString()
                        .substring(FOLDER_PREFIX.length())
                        .replaceFirst("-.*", "");
                boolean ours = Files.isDirectory(old, java.nio.file.LinkOption.NOFOLLOW_LINKS)
                        && Files.getOwner(old, java.nio.file.LinkOption.NOFOLLOW_LINKS)
                                .equals(Files.getOwner(Path.of("/proc/self")));
                if (ours
                        && pid.matches("[0-9]{1,10}")
                        && ProcessHandle.of(Long.parseLong(pid)).isEmpty()) {
                    delete(old);
                }
            }
        }
    }

    static void delete(Path tree) throws IOException {
        if (!Files.exists(tree, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(tree, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path dir, IOException e) throws IOException {
                Files.delete(dir);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /** Makes a jail in every slot. Completes when each has one, or has failed to; fails when none has. */
    Future<Void> park() {
        List<Future<Void>> parks = slots.stream().map(NsjailSlot::park).toList();
        return Future.join(parks).transform(r -> {
            if (parks.stream().anyMatch(Future::succeeded)) {
                return Future.succeededFuture();
            }
            return Future.failedFuture(parks.get(0).cause());
        });
    }

    /** Where everything of this sandbox is. */
    Path folder() {
        return folder;
    }

    /** How many slots a sandbox of these settings has. */
    static int slots(RunnerSettings settings) {
        return settings.slots() * SLOTS_A_PROGRAM + settings.interactiveSlots();
    }

    int slots() {
        return slots.size();
    }

    Limits parkedFor() {
        return parkedFor;
    }

    /** What holds limits here. */
    Cgroups cgroups() {
        return cgroups;
    }

    @Override
    public Future<Jail> start(JobSpec spec, Listener listener) {
        if (closed) {
            return Future.failedFuture(new SandboxException("The sandbox was closed."));
        }
        Waiting next = new Waiting(spec, listener, Promise.promise());
        waiting.add(next);
        long timer = vertx.setTimer(WAIT_MS, t -> {
            if (waiting.remove(next)) { // else it is being started, and that has a time limit of its own
                next.jail().tryFail(new SandboxException("No jail was ready within " + WAIT_MS + " ms."));
            }
        });
        parked();
        return next.jail().future().onComplete(r -> vertx.cancelTimer(timer));
    }

    /** Tells that a jail waits for a program. */
    void parked() {
        while (!waiting.isEmpty() && !closed) {
            NsjailSlot ready =
                    slots.stream().filter(NsjailSlot::isParked).findFirst().orElse(null);
            if (ready == null) {
                return;
            }
            Waiting next = waiting.remove();
            ready.start(next.spec(), next.listener()).onComplete(next.jail());
        }
    }

    /** Whether a jail that was made ahead can run this, or another must be made for it. */
    boolean fitsParked(JobSpec spec) {
        Limits limits = spec.limits();
        return limits.diskBytes() == parkedFor.diskBytes()
                && (cgroups.areReal()
                        || (limits.memoryBytes() == parkedFor.memoryBytes() && limits.cpuMs() == parkedFor.cpuMs()));
    }

    /** Makes a bay: only the slot's user may enter it. */
    private void makeBay(Path bay, int slot) throws IOException {
        Files.createDirectory(bay, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        if (asRoot) {
            Files.setAttribute(bay, "unix:uid", uids.uid(slot));
            Files.setAttribute(bay, "unix:gid", uids.uid(slot));
        }
    }

    /** Starts an nsjail that makes a jail for each connection, each for a program that asks for no special limits. */
    Future<Listening> launchListener(NsjailSlot slot) {
        return starter.executeBlocking(
                () -> {
                    int port = freePort();
                    List<String> mode = List.of(
                            "-Ml", "--bindhost", LOOPBACK, "-p", String.valueOf(port), "--max_conns", MAX_CONNECTIONS);
                    return new Listening(launch(slot, LISTEN, mode, parkedFor), port);
                },
                false);
    }

    /** Starts an nsjail for one program. */
    Future<Lifeline> launchOnce(NsjailSlot slot, JobSpec spec) {
        return starter.executeBlocking(() -> launch(slot, ONCE, List.of("-Mo"), spec.limits()), false)
                .map(process -> new Once(slot, process));
    }

    private static int freePort() throws IOException {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort();
        }
    }

    /** Starts nsjail in the slot's control group, on a thread that lives as long as the sandbox. */
    private Process launch(NsjailSlot slot, String name, List<String> mode, Limits limits) throws IOException {
        Path config = slot.bay().resolveSibling("slot-" + slot.number() + "-" + name + ".cfg");
        Files.deleteIfExists(config);
        Files.createFile(config, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(
                config,
                template.replace("@BAY@", slot.bay().toString())
                        .replace("@DISK_BYTES@", String.valueOf(limits.diskBytes()))
                        .replace("@FSIZE_MB@", String.valueOf(limits.diskBytes() / MIB + 2)));
        int uid = asRoot ? uids.uid(slot.number()) : ownUid;
        int gid = asRoot ? uid : ownGid;
        List<String> command = new ArrayList<>(List.of("sh", "-c", ENTER_AND_EXEC, "sh"));
        slot.group().doors().forEach(d -> command.add(d.toString()));
        // A session of its own: Ctrl-C in the node's terminal is the node's business.
        command.addAll(List.of("--", "setsid", "setpriv", "--pdeathsig", "KILL"));
        command.addAll(List.of(settings.nsjail().toString(), "-C", config.toString()));
        command.addAll(mode);
        // job.cfg makes the root read-only; nsjail's own way fails where /tmp is a mount with nosuid or nodev.
        command.add("--rw");
        command.addAll(List.of("-u", "1000:" + uid + ":1", "-g", "1000:" + gid + ":1"));
        if (!cgroups.areReal()) {
            command.addAll(List.of("--rlimit_as", String.valueOf(limits.memoryBytes() / MIB)));
            command.addAll(List.of("--rlimit_cpu", String.valueOf(limits.cpuMs() / 1000 + 1)));
        }
        command.add("--");
        command.addAll(init);
        command.addAll(List.of(settings.python().toString(), Frames.ENTRY));
        return new ProcessBuilder(command)
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectErrorStream(true)
                .redirectOutput(log(slot, name).toFile())
                .start();
    }

    private static Path log(NsjailSlot slot, String name) {
        return slot.bay().resolveSibling("slot-" + slot.number() + "-" + name + ".log");
    }

    /** The end of what the slot's nsjail wrote, as one line, or why that cannot be told. */
    static String said(NsjailSlot slot, String name) {
        try (FileChannel log = FileChannel.open(log(slot, name))) {
            ByteBuffer end = ByteBuffer.allocate(MAX_SAID);
            log.read(end, Math.max(0, log.size() - MAX_SAID));
            String text = new String(end.array(), 0, end.position(), StandardCharsets.ISO_8859_1);
            return text.replaceAll("\\p{Cntrl}+", " ").trim();
        } catch (IOException e) {
            return "its log cannot be read: " + e.getMessage();
        }
    }

    @Override
    public Future<Void> close() {
        closed = true;
        waiting.forEach(w -> w.jail().tryFail(new SandboxException("The sandbox was closed.")));
        waiting.clear();
        List<Future<Void>> ends = slots.stream().map(NsjailSlot::close).toList();
        // The starter's threads end with the verticle that opened this sandbox.
        return Future.join(ends)
                .eventually(client::close)
                .transform(r -> removeGroups(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(REMOVE_WITHIN_MS)))
                .eventually(() -> vertx.<Void>executeBlocking(
                        () -> {
                            delete(folder);
                            if (uids != null) {
                                uids.close();
                            }
                            return null;
                        },
                        false));
    }

    /** A group is busy for a moment after its last process has ended. */
    private Future<Void> removeGroups(long until) {
        return vertx.<Void>executeBlocking(
                        () -> {
                            for (NsjailSlot slot : slots) {
                                slot.group().remove();
                            }
                            cgroups.close();
                            return null;
                        },
                        false)
                .recover(e -> System.nanoTime() > until
                        ? Future.failedFuture(e)
                        : vertx.timer(REMOVE_AGAIN_MS, TimeUnit.MILLISECONDS).compose(t -> removeGroups(until)));
    }

    /** An nsjail that ends with its one jail. */
    private final class Once implements Lifeline {
        private final NsjailSlot slot;
        private final Process process;
        private final Future<String> ended;

        Once(NsjailSlot slot, Process process) {
            this.slot = slot;
            this.process = process;
            this.ended = Future.fromCompletionStage(process.onExit(), vertx.getOrCreateContext())
                    .map(p -> said(slot, ONCE));
        }

        @Override
        public Future<String> ended() {
            return ended;
        }

        /** pid 1 ends by itself when its socket closes, and nsjail, which waits for it, must still be there to reap it. */
        @Override
        public void release() {}

        @Override
        public long staying() {
            return slot.listenerPid();
        }

        @Override
        public ProcessHandle nsjail() {
            return process.toHandle();
        }

        @Override
        public boolean isOver() {
            return !process.isAlive();
        }

        @Override
        public void force() {
            process.destroyForcibly();
        }
    }
}
