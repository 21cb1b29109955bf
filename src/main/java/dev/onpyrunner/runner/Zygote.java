package dev.onpyrunner.runner;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * A warm interpreter with its modules loaded, of which jails get copies: nsjail/zygote/park.c. It is in an nsjail of its own, as
 * a user who owns nothing but the jails' user namespaces, and without any capability.
 */
final class Zygote {
    /** Modules may take a while to load on a machine that has not read them for long. */
    private static final long READY_WITHIN_MS = 60_000;

    /** How often it is looked whether it is ready. */
    static final long LOOK_MS = 5;

    private static final int MOST_SAID = 65_536;
    private static final int SHOWN = 1_000;
    private static final Pattern MAPPED = Pattern.compile("[0-9a-f]+-[0-9a-f]+ ");
    /** In smaps: shared, and writable or to be made so; a file that is only read has it not. */
    private static final String SHARED = " sh ";

    private static final int LAST_STREAM = 2;

    private final Process nsjail;
    private final Path door;
    private final long lookMs;
    private final long since = System.nanoTime();
    private int copies;

    /**
     * One that was just started.
     *
     * @param nsjail what it runs in; it ends when this one's stdin does
     * @param door the socket at which it will listen
     * @param lookMs how often it is looked for that
     */
    Zygote(Process nsjail, Path door, long lookMs) {
        this.nsjail = nsjail;
        this.door = door;
        this.lookMs = lookMs;
    }

    Path door() {
        return door;
    }

    boolean isAlive() {
        return nsjail.isAlive();
    }

    void copied() {
        copies++;
    }

    boolean isWorn(Interpreter interpreter) {
        return copies >= interpreter.maxCopies()
                || System.nanoTime() - since > TimeUnit.MILLISECONDS.toNanos(interpreter.maxAgeMs());
    }

    /** Completes when it can be copied; fails when it may not be. */
    Future<Void> ready(Vertx vertx, Predicate<Zygote> isWanted) {
        Promise<Void> ready = Promise.promise();
        look(vertx, isWanted, ready);
        return ready.future();
    }

    /** Each look on its own: a chain of futures as long as an import may take would be too deep for a stack. */
    private void look(Vertx vertx, Predicate<Zygote> isWanted, Promise<Void> ready) {
        if (!nsjail.isAlive() || !isWanted.test(this)) {
            ready.fail(new Sandbox.SandboxException("it ended before it was ready. It said: " + said()));
        } else if (System.nanoTime() - since > TimeUnit.MILLISECONDS.toNanos(READY_WITHIN_MS)) {
            ready.fail(new Sandbox.SandboxException("it was not ready within " + READY_WITHIN_MS + " ms."));
        } else if (Files.exists(door)) {
            vertx.<Void>executeBlocking(
                            () -> {
                                inspect();
                                return null;
                            },
                            false)
                    .onComplete(ready);
        } else {
            vertx.setTimer(lookMs, t -> look(vertx, isWanted, ready));
        }
    }

    /** The last that it said, as one line. A pipe keeps more than any import has to say. */
    private String said() {
        try (InputStream out = nsjail.getInputStream()) {
            byte[] all = out.readNBytes(Math.min(out.available(), MOST_SAID));
            String text = new String(all, StandardCharsets.UTF_8)
                    .replaceAll("\\p{Cntrl}+", " ")
                    .strip();
            return text.substring(Math.max(0, text.length() - SHOWN));
        } catch (IOException e) {
            return "";
        }
    }

    /** What a loaded module did must not be a way between programs, and no copy must miss what its modules rely on. */
    private void inspect() throws IOException {
        ProcessHandle self = nsjail.children()
                .findFirst()
                .orElseThrow(() -> new Sandbox.SandboxException("it ended before it was ready."));
        Path process = Path.of("/proc", String.valueOf(self.pid()));
        List<String> status = Files.readAllLines(process.resolve("status"));
        Set<String> expected = Set.of("Threads:\t1", "NoNewPrivs:\t1", "Seccomp:\t2", "CapEff:\t" + "0".repeat(16));
        for (String line : expected) {
            if (!status.contains(line)) {
                throw spoilt("'" + line.replace('\t', ' ') + "' is missing in its status");
            }
        }
        List<ProcessHandle> started = self.descendants().toList();
        if (!started.isEmpty()) {
            started.forEach(ProcessHandle::destroyForcibly); // nothing else would end them
            throw spoilt("it has started a process, which lives on");
        }
        inspectMemory(process);
        inspectFiles(process);
    }

    private static void inspectMemory(Path process) throws IOException {
        String mapped = "";
        for (String line : Files.readAllLines(process.resolve("smaps"))) {
            if (MAPPED.matcher(line).lookingAt()) {
                mapped = line;
            } else if (line.startsWith("VmFlags:") && (line + " ").contains(SHARED)) {
                throw spoilt("its copies would share memory that they can write: " + mapped);
            }
        }
    }

    private static void inspectFiles(Path process) throws IOException {
        List<String> kept = new ArrayList<>();
        try (DirectoryStream<Path> open = Files.newDirectoryStream(process.resolve("fd"))) {
            for (Path descriptor : open) {
                if (Integer.parseInt(descriptor.getFileName().toString()) > LAST_STREAM) {
                    kept.add(Files.readSymbolicLink(descriptor).toString());
                }
            }
        }
        if (kept.size() > 1) { // one is the socket at which it listens
            throw spoilt("it keeps open what would be closed in its copies, of " + kept);
        }
    }

    private static Sandbox.SandboxException spoilt(String how) {
        return new Sandbox.SandboxException(
                "it is not as it must be: " + how + ". Some module to preload has done that.");
    }

    /** Lets it end; copies that are in jails go on. */
    void end() {
        try {
            nsjail.getOutputStream().close();
        } catch (IOException e) {
            nsjail.destroyForcibly();
        }
    }
}
