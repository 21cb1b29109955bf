package dev.onpyrunner.runner;

import dev.onpyrunner.files.FileTree;
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
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
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
    private static final String LOOPBACK = "127.0.0.1";
    /** Away from the addresses that people use: all that begin with 127 are this machine's own. */
    private static final int FIRST_NETWORK = 64;

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

    private static final String USR = "src: \"/usr\"";

    private static final long MIB = 1 << 20;
    /**
     * Lets the kernel prefer jails to the node when the machine's memory runs out, writes the shell's pid to each door,
     * then becomes the command behind "--".
     */
    private static final String ENTER_AND_EXEC = "echo 500 > /proc/self/oom_score_adj; "
            + "while [ \"$1\" != -- ]; do echo $$ > \"$1\" || exit 96; shift; done; shift; exec \"$@\"";

    private final Vertx vertx;
    private final RunnerSettings settings;
    private final Interpreter interpreter;
    private final Limits parkedFor;
    private final Cgroups cgroups;
    private final UidBlock uids;
    private final Path folder;
    private final Path root;
    private final String template;
    private final Zygotes zygotes;
    private final Path zygoteRoot;
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
    private record Waiting(JobSpec spec, Optional<Path> dependencies, Listener listener, Promise<Jail> jail) {}

    /** An nsjail that makes a jail for each connection, with a copy of this zygote or a fresh interpreter. */
    record Listening(Process process, String host, int port, Optional<Zygote> zygote) {}

    private NsjailSandbox(Vertx vertx, RunnerSettings settings, Interpreter interpreter, Limits parkedFor)
            throws IOException {
        this.vertx = vertx;
        this.settings = settings;
        this.interpreter = interpreter;
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
        zygoteRoot = folder.resolve("zygote-root");
        template = template();
        init = prepareRoot();
        writePolicy("deny.kafel", l -> true);
        starter = vertx.createSharedWorkerExecutor(
                "onpyrunner-jail-starter-" + folder.getFileName(), 2, 1, TimeUnit.MINUTES);
        zygotes = new Zygotes(vertx, warm(), slots(settings), Zygotes.AGAIN_MS, this::launchZygote);
        client = vertx.createNetClient(new NetClientOptions().setTcpNoDelay(true));
        Files.createDirectory(
                doors(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        for (int number = 0; number < slots(settings); number++) {
            Path bay = folder.resolve("bay-" + number);
            makeBay(bay, asRoot ? uids.uid(number) : ownUid);
            slots.add(new NsjailSlot(vertx, this, client, number, bay, cgroups.group(number)));
        }
    }

    /**
     * Prepares the sandbox. Blocks; {@link #park} then makes its jails.
     *
     * @param interpreter what runs its programs
     * @param parkedFor limits of most programs: jails are made ahead for these, others start cold
     * @throws SandboxException when this machine lacks something, with a sentence that says what
     */
    static NsjailSandbox open(Vertx vertx, RunnerSettings settings, Interpreter interpreter, Limits parkedFor) {
        if (!Files.isExecutable(settings.nsjail())) {
            throw new SandboxException("There is no nsjail program at " + settings.nsjail()
                    + ". Start the node with ./onpyrunner, which fetches it, or set ONPY_RUNNER_NSJAIL to its path.");
        }
        if (!Files.exists(settings.jailDir().resolve("job.cfg"))) {
            throw new SandboxException("There is no job.cfg in " + settings.jailDir()
                    + ". Set ONPY_RUNNER_JAIL_DIR to the project's folder nsjail.");
        }
        try {
            NsjailSandbox sandbox = new NsjailSandbox(vertx, settings, interpreter, parkedFor);
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

    /** The jail's configuration, with what the interpreter needs of it. */
    private String template() throws IOException {
        StringBuilder text =
                new StringBuilder(Files.readString(settings.jailDir().resolve("job.cfg")));
        interpreter
                .environment()
                .forEach((name, value) -> text.append("\nenvar: ").append(quoted(name + "=" + value)));
        Path usr = interpreter.usr().orElse(Path.of("/usr")).toAbsolutePath();
        if (interpreter.usr().isPresent()) {
            requireReadable(usr);
            int at = text.indexOf(USR);
            if (at < 0) {
                throw new IOException("job.cfg does not say " + USR);
            }
            text.replace(at, at + USR.length(), "src: " + quoted(usr.toString()));
        }
        Optional<Path> packages = interpreter.packages();
        if (packages.isPresent()) {
            requireReadable(packages.get().toAbsolutePath());
            Path site = Path.of("local/lib/python" + interpreter.version() + "/dist-packages");
            if (!Files.isDirectory(usr.resolve(site))) {
                throw new IOException("packages are mounted at " + usr.resolve(site)
                        + ", which is not there. Create it: mkdir -p " + usr.resolve(site));
            }
            text.append("\nmount { src: ")
                    .append(quoted(packages.get().toAbsolutePath().toString()))
                    .append(" dst: ")
                    .append(quoted(Path.of("/usr").resolve(site).toString()))
                    .append(" is_bind: true rw: false nosuid: true nodev: true }");
        }
        return text.append('\n').toString();
    }

    /** Where the bootstrap looks for it. */
    private static String mounted(Path dependencies) {
        return "mount { src: " + quoted(dependencies.toAbsolutePath().toString())
                + " dst: \"/opt/dependencies\" is_bind: true rw: false nosuid: true nodev: true }\n";
    }

    /** As protobuf's text format has it. */
    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
    }

    /** Jails run as users of their own. */
    private void requireReadable(Path wanted) throws IOException {
        if (!Files.isDirectory(wanted)) {
            throw new IOException(
                    "there is no folder " + wanted + ", which the runtime " + interpreter.runtime() + " needs");
        }
        for (Path folder = wanted; folder != null; folder = folder.getParent()) {
            if (!Files.getPosixFilePermissions(folder).contains(PosixFilePermission.OTHERS_EXECUTE)) {
                throw new IOException("everybody must be allowed to enter " + folder + ", for the runtime "
                        + interpreter.runtime() + " needs what is in it: chmod a+rX " + folder);
            }
        }
    }

    /** Makes the jails' root folder; the command that is their pid 1. */
    private List<String> prepareRoot() throws IOException {
        List<String> command = prepareRoot(root);
        if (command.size() > 1) {
            LOG.warn(
                    "there is no compiled pid 1 for {}: the one in Python costs 7 ms of CPU more a job",
                    architecture());
        }
        return command;
    }

    private List<String> prepareRoot(Path at, String... kind) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "sh",
                settings.jailDir().resolve("prepare-root").toAbsolutePath().toString(),
                at.toString(),
                architecture(),
                interpreter.version()));
        command.addAll(List.of(kind));
        return List.of(output(command).trim().split(" ", -1));
    }

    private static String architecture() {
        String name = System.getProperty("os.arch");
        return name.equals("amd64") ? "x86_64" : name;
    }

    /** The system-call filter, without the calls that this architecture does not have: nsjail refuses their names. */
    private void writePolicy(String name, Predicate<String> wanted) throws IOException {
        List<String> lines = Files.readAllLines(settings.jailDir().resolve("deny.kafel"));
        if (!architecture().equals("x86_64")) {
            lines.removeIf(l -> l.contains("// x86_64 only"));
        }
        lines.removeIf(wanted.negate());
        Files.write(folder.resolve(name), lines);
    }

    /** The interpreter of the settings, as far as this machine can keep one warm; prepares what its zygotes need. */
    private Interpreter warm() throws IOException {
        Interpreter wanted = interpreter;
        if (!wanted.entered()) {
            return wanted;
        }
        Path park = settings.jailDir().resolve("zygote").resolve(architecture()).resolve("park.so");
        String missing = !asRoot
                ? "the node does not run as root"
                : !cgroups.areReal()
                        ? "there are no control groups"
                        : init.size() > 1 || !Files.exists(park) ? "nothing is compiled for " + architecture() : null;
        if (missing != null) {
            LOG.warn("each jail starts a fresh interpreter, for {}", missing);
            return wanted.startedAnew();
        }
        prepareRoot(zygoteRoot, "zygote");
        Files.write(zygoteRoot.resolve("opt/boot/preload"), wanted.preload());
        writePolicy("zygote.kafel", NsjailSandbox::isForZygote);
        return wanted;
    }

    private static boolean isForZygote(String line) {
        return !line.contains(" not in a zygote");
    }

    /** Starts a zygote in a folder of its own. */
    private Future<Zygote> launchZygote(int number) {
        return starter.executeBlocking(
                () -> {
                    Path bay = folder.resolve("zygote-" + number);
                    makeBay(bay, uids.owner());
                    String text =
                            template.lines().filter(NsjailSandbox::isForZygote).collect(Collectors.joining("\n"));
                    text +=
                            "\nmount { src: \"@BAY@\" dst: \"/bay\" is_bind: true rw: true nosuid: true nodev: true noexec: true }\n";
                    if (text.contains("fstype: \"proc\"")) {
                        throw new SandboxException("job.cfg would show a zygote this machine's processes");
                    }
                    Path config = folder.resolve("zygote-" + number + ".cfg");
                    configure(config, text, zygoteRoot, "zygote.kafel", bay, parkedFor);
                    String owner = uids.owner() + ":" + uids.owner() + ":1";
                    List<String> command = new ArrayList<>(List.of("setsid", "setpriv", "--pdeathsig", "KILL"));
                    command.addAll(List.of(settings.nsjail().toString(), "-C", config.toString(), "-Mo", "--rw"));
                    // Whoever is to enter namespaces of others must not be in such of its own.
                    command.addAll(List.of("--disable_clone_newuser", "--disable_clone_newpid"));
                    command.addAll(List.of("-u", owner, "-g", owner, "--"));
                    command.addAll(List.of(interpreter.python().toString(), Frames.ENTRY));
                    // A pipe, for an interpreter looks at what it is: the programs' are no files either.
                    Process process = new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .start();
                    return new Zygote(process, bay.resolve("z"), Zygote.LOOK_MS);
                },
                false);
    }

    Zygotes zygotes() {
        return zygotes;
    }

    /** The slots in which a jail waits now. */
    List<NsjailSlot> parkedSlots() {
        return slots.stream().filter(NsjailSlot::isParked).toList();
    }

    /** From now on jails start fresh interpreters. */
    void refuseCopies() {
        zygotes.refuse();
        slots.forEach(NsjailSlot::renew);
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

    /** Removes the folders of nodes that are dead. Other nodes may be at it, too. */
    static void sweep(Path temp) throws IOException {
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(temp, FOLDER_PREFIX + "*")) {
            for (Path old : folders) {
                String pid = old.getFileName()
                        .toString()
                        .substring(FOLDER_PREFIX.length())
                        .replaceFirst("-.*", "");
                if (pid.matches("[0-9]{1,10}")
                        && ProcessHandle.of(Long.parseLong(pid)).isEmpty()) {
                    removeOwn(old);
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    private static void removeOwn(Path old) {
        try {
            if (Files.isDirectory(old, LinkOption.NOFOLLOW_LINKS)
                    && Files.getOwner(old, LinkOption.NOFOLLOW_LINKS).equals(Files.getOwner(Path.of("/proc/self")))) {
                FileTree.delete(old);
            }
        } catch (NoSuchFileException e) {
            LOG.debug("another node has removed {}", old);
        } catch (IOException e) {
            LOG.warn("a dead node's folder stays: {}", e.toString());
        }
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

    /** The folder of the slots' sockets. */
    Path doors() {
        return folder.resolve("doors");
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
    public Future<Jail> start(JobSpec spec, Optional<Path> dependencies, Listener listener) {
        if (closed) {
            return Future.failedFuture(new SandboxException("The sandbox was closed."));
        }
        Waiting next = new Waiting(spec, dependencies, listener, Promise.promise());
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
            ready.start(next.spec(), next.dependencies(), next.listener()).onComplete(next.jail());
        }
    }

    /** Whether a jail that was made ahead can run this, or another must be made for it. */
    boolean fitsParked(JobSpec spec) {
        Limits limits = spec.limits();
        return limits.diskBytes() == parkedFor.diskBytes()
                && (cgroups.areReal()
                        || (limits.memoryBytes() == parkedFor.memoryBytes() && limits.cpuMs() == parkedFor.cpuMs()));
    }

    /** Makes a bay: only this user may enter it. */
    private void makeBay(Path bay, int uid) throws IOException {
        Files.createDirectory(bay, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        if (asRoot) {
            Files.setAttribute(bay, "unix:uid", uid);
            Files.setAttribute(bay, "unix:gid", uid);
        }
    }

    /** Starts an nsjail that makes a jail for each connection, each for a program that asks for no special limits. */
    Future<Listening> launchListener(NsjailSlot slot, Optional<Zygote> zygote) {
        return starter.executeBlocking(
                () -> {
                    String host = loopback(slot);
                    int port = freePort(host);
                    List<String> mode = List.of(
                            "-Ml", "--bindhost", host, "-p", String.valueOf(port), "--max_conns", MAX_CONNECTIONS);
                    return new Listening(launch(slot, LISTEN, mode, parkedFor, template, zygote), host, port, zygote);
                },
                false);
    }

    /** Starts an nsjail for one program. */
    Future<Lifeline> launchOnce(NsjailSlot slot, JobSpec spec, Optional<Path> dependencies) {
        String text = template + dependencies.map(NsjailSandbox::mounted).orElse("");
        return starter.executeBlocking(
                        () -> launch(slot, ONCE, List.of("-Mo"), spec.limits(), text, Optional.empty()), false)
                .map(process -> new Once(slot, process));
    }

    /** An address of this machine alone that no other slot of any node has, so that nobody takes a port there that was free. */
    private String loopback(NsjailSlot slot) {
        if (!asRoot) {
            return LOOPBACK;
        }
        int number = uids.uid(slot.number()) - settings.uidBase();
        return "127." + (FIRST_NETWORK + (number >> 16)) + "." + (number >> 8 & 0xff) + "." + (number & 0xff);
    }

    private static int freePort(String host) throws IOException {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getByName(host))) {
            return probe.getLocalPort();
        }
    }

    /** Starts nsjail in the slot's control group, on a thread that lives as long as the sandbox. */
    private Process launch(
            NsjailSlot slot, String name, List<String> mode, Limits limits, String text, Optional<Zygote> zygote)
            throws IOException {
        Path config = slot.bay().resolveSibling("slot-" + slot.number() + "-" + name + ".cfg");
        configure(config, text, root, "deny.kafel", slot.bay(), limits);
        int uid = asRoot ? uids.uid(slot.number()) : ownUid;
        int gid = asRoot ? uid : ownGid;
        List<String> doors = slot.group().doors().stream().map(Path::toString).toList();
        List<String> command = new ArrayList<>(List.of("sh", "-c", ENTER_AND_EXEC, "sh"));
        command.addAll(doors);
        // A session of its own: Ctrl-C in the node's terminal is the node's business.
        command.addAll(List.of("--", "setsid"));
        if (zygote.isPresent()) {
            Files.setAttribute(config, "unix:uid", uids.owner());
            command.addAll(dial(zygote.get(), forkerFile(slot), doors));
        } else {
            command.addAll(
                    List.of("setpriv", "--pdeathsig", "KILL", settings.nsjail().toString()));
        }
        command.addAll(List.of("-C", config.toString()));
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
        command.addAll(List.of(interpreter.python().toString(), Frames.ENTRY));
        return new ProcessBuilder(command)
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectErrorStream(true)
                .redirectOutput(log(slot, name).toFile())
                .start();
    }

    private static void configure(Path config, String text, Path root, String policy, Path bay, Limits limits)
            throws IOException {
        Files.deleteIfExists(config);
        Files.createFile(config, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(
                config,
                text.replace("@ROOT@", root.toString())
                        .replace("@DENY@", config.resolveSibling(policy).toString())
                        .replace("@BAY@", bay.toString())
                        .replace("@DISK_BYTES@", String.valueOf(limits.diskBytes()))
                        .replace("@FSIZE_MB@", String.valueOf(limits.diskBytes() / MIB + 2)));
    }

    /** The start of an nsjail with a connection to a zygote, as the zygote's user: only the owner of a user namespace may enter it. */
    private List<String> dial(Zygote zygote, Path forker, List<String> doors) {
        String owner = String.valueOf(uids.owner());
        String toMapTheSlotsUser = "-all,+setuid,+setgid";
        List<String> command = new ArrayList<>(List.of(
                settings.python().toString(),
                "-IS",
                settings.jailDir().resolve("zygote/dial.py").toAbsolutePath().toString(),
                zygote.door().toString(),
                forker.toString()));
        command.addAll(doors);
        command.addAll(List.of("--", "setpriv", "--reuid", owner, "--regid", owner, "--clear-groups"));
        command.addAll(List.of("--inh-caps", toMapTheSlotsUser, "--ambient-caps", toMapTheSlotsUser));
        command.addAll(List.of("--bounding-set", toMapTheSlotsUser, "--pdeathsig", "KILL"));
        command.addAll(List.of(settings.nsjail().toString(), "--pass_fd", "9"));
        return command;
    }

    private static Path forkerFile(NsjailSlot slot) {
        return slot.bay().resolveSibling("slot-" + slot.number() + "-forker");
    }

    /** The process that copies a zygote into the slot's jails, as its nsjail's start has noted it. */
    long forkerOf(NsjailSlot slot) {
        try {
            return Cgroups.number(forkerFile(slot));
        } catch (IOException e) {
            throw new SandboxException("The forker's number cannot be read: " + e.getMessage(), e);
        }
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
                .eventually(() -> {
                    zygotes.close();
                    return client.close();
                })
                .transform(r -> removeGroups(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(REMOVE_WITHIN_MS)))
                .eventually(() -> vertx.<Void>executeBlocking(
                        () -> {
                            FileTree.delete(folder);
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
        public boolean stays(long pid) {
            return slot.isResident(pid);
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
