package dev.onpyrunner.runner;

import dev.onpyrunner.job.JobSpec;
import dev.onpyrunner.job.Limits;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A sandbox that starts one nsjail for each program.
 *
 * <p>Everything that jails need lies in one folder below the system's folder for temporary files, because nsjail walks
 * there with the slot's own user id: the prepared root, bound read-only, and for each start a fresh bay, in which the
 * jail's pid 1 finds our socket. The threads that start nsjail live as long as the sandbox: the kernel kills a jail
 * when the thread that started it ends.
 */
final class NsjailSandbox implements Sandbox {
    private static final Logger LOG = LoggerFactory.getLogger(NsjailSandbox.class);
    private static final String FOLDER_PREFIX = "onpyrunner-";
    private static final long MIB = 1 << 20;
    /** Writes the shell's pid to each door, then becomes the command behind "--". */
    private static final String ENTER_AND_EXEC =
            "while [ \"$1\" != -- ]; do echo $$ > \"$1\" || exit 96; shift; done; shift; exec \"$@\"";

    private final Vertx vertx;
    private final RunnerSettings settings;
    private final Cgroups cgroups;
    private final Path folder;
    private final Path root;
    private final String template;
    private final boolean asRoot;
    private final int ownUid;
    private final int ownGid;
    private final WorkerExecutor starter;
    private final List<Cgroups.Group> groups = new ArrayList<>();
    private final List<NsjailJail> running = new ArrayList<>();
    private long count;

    private NsjailSandbox(Vertx vertx, RunnerSettings settings) throws IOException {
        this.vertx = vertx;
        this.settings = settings;
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
        root = folder.resolve("root");
        template = Files.readString(settings.jailDir().resolve("job.cfg"))
                .replace("@ROOT@", root.toString())
                .replace("@DENY@", folder.resolve("deny.kafel").toString());
        prepareRoot();
        writePolicy();
        for (int slot = 0; slot < settings.slots(); slot++) {
            groups.add(cgroups.group(slot));
        }
        starter = vertx.createSharedWorkerExecutor(
                "onpyrunner-jail-starter-" + folder.getFileName(), 2, 1, TimeUnit.MINUTES);
    }

    /**
     * Prepares the sandbox. Blocks.
     *
     * @throws SandboxException when this machine lacks something, with a sentence that says what
     */
    static NsjailSandbox open(Vertx vertx, RunnerSettings settings) {
        if (!Files.isExecutable(settings.nsjail())) {
            throw new SandboxException("There is no nsjail program at " + settings.nsjail()
                    + ". Start the node with ./onpyrunner, which fetches it, or set ONPY_RUNNER_NSJAIL to its path.");
        }
        if (!Files.exists(settings.jailDir().resolve("job.cfg"))) {
            throw new SandboxException("There is no job.cfg in " + settings.jailDir()
                    + ". Set ONPY_RUNNER_JAIL_DIR to the project's folder nsjail.");
        }
        try {
            NsjailSandbox sandbox = new NsjailSandbox(vertx, settings);
            if (!sandbox.cgroups.areReal()) {
                LOG.warn(
                        "control groups: {}. Memory and processes are bounded for each process only, and CPU time is"
                                + " not counted. Run the node as root to have every limit held",
                        sandbox.cgroups.describe());
            } else {
                LOG.info("control groups: {}", sandbox.cgroups.describe());
            }
            return sandbox;
        } catch (IOException e) {
            throw new SandboxException("The jail's folders cannot be prepared: " + e.getMessage(), e);
        }
    }

    private void prepareRoot() throws IOException {
        String version = output(List.of(
                        settings.python().toString(), "-IS", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"))
                .trim();
        output(List.of(
                "sh",
                settings.jailDir().resolve("prepare-root").toAbsolutePath().toString(),
                root.toString(),
                architecture(),
                version));
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

    @Override
    public Future<Jail> start(int slot, JobSpec spec, Listener listener) {
        Path bay = folder.resolve("bay-" + slot + "-" + ++count);
        NsjailJail jail = new NsjailJail(vertx, this, groups.get(slot), bay, spec, listener);
        running.add(jail);
        return jail.start().map((Jail) jail).recover(e -> jail.close().transform(r -> Future.failedFuture(e)));
    }

    void gone(NsjailJail jail) {
        running.remove(jail);
    }

    /** Makes a bay: only the slot's user may enter it. Blocks. */
    void makeBay(Path bay, int slotUid) throws IOException {
        Files.createDirectory(bay, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        if (asRoot) {
            Files.setAttribute(bay, "unix:uid", slotUid);
            Files.setAttribute(bay, "unix:gid", slotUid);
        }
    }

    int uid(Cgroups.Group group) {
        return asRoot ? settings.uidBase() + groups.indexOf(group) : ownUid;
    }

    /** Starts nsjail in its control group, on a thread that lives as long as the sandbox. */
    Future<Process> launch(Path bay, Cgroups.Group group, JobSpec spec) {
        return starter.executeBlocking(
                () -> {
                    Limits limits = spec.limits();
                    group.limit(limits);
                    Path config = bay.resolveSibling(bay.getFileName() + ".cfg");
                    Files.createFile(
                            config, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
                    Files.writeString(
                            config,
                            template.replace("@BAY@", bay.toString())
                                    .replace("@DISK_BYTES@", String.valueOf(limits.diskBytes()))
                                    .replace("@FSIZE_MB@", String.valueOf(limits.diskBytes() / MIB + 2)));
                    int uid = uid(group);
                    int gid = asRoot ? uid : ownGid;
                    List<String> command = new ArrayList<>(List.of("sh", "-c", ENTER_AND_EXEC, "sh"));
                    group.doors().forEach(d -> command.add(d.toString()));
                    // A session of its own: Ctrl-C in the node's terminal is the node's business.
                    command.addAll(List.of("--", "setsid", "setpriv", "--pdeathsig", "KILL"));
                    command.addAll(List.of(settings.nsjail().toString(), "-Mo", "-C", config.toString()));
                    command.addAll(List.of("-u", "1000:" + uid + ":1", "-g", "1000:" + gid + ":1"));
                    if (!cgroups.areReal()) {
                        command.addAll(List.of("--rlimit_as", String.valueOf(limits.memoryBytes() / MIB)));
                        command.addAll(List.of("--rlimit_cpu", String.valueOf(limits.cpuMs() / 1000 + 1)));
                    }
                    command.addAll(
                            List.of("--", "/opt/boot/init", settings.python().toString(), spec.entry()));
                    Path log = log(bay);
                    return new ProcessBuilder(command)
                            .redirectInput(Path.of("/dev/null").toFile())
                            .redirectErrorStream(true)
                            .redirectOutput(log.toFile())
                            .start();
                },
                false);
    }

    static Path log(Path bay) {
        return bay.resolveSibling(bay.getFileName() + ".log");
    }

    /** Removes a bay and what lies beside it. Blocks. */
    static void removeBay(Path bay) {
        try {
            delete(bay);
            delete(log(bay));
            delete(bay.resolveSibling(bay.getFileName() + ".cfg"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Future<Void> close() {
        List<Future<Void>> ends =
                List.copyOf(running).stream().map(NsjailJail::close).toList();
        // The starter's threads end with the verticle that opened this sandbox.
        return Future.join(ends)
                .transform(r -> vertx.<Void>executeBlocking(
                        () -> {
                            for (Cgroups.Group group : groups) {
                                group.remove();
                            }
                            cgroups.close();
                            delete(folder);
                            return null;
                        },
                        false));
    }
}
