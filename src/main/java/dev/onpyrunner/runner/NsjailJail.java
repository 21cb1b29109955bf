package dev.onpyrunner.runner;

import dev.onpyrunner.job.JobSpec;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetSocket;
import io.vertx.core.parsetools.RecordParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One jail, from the call of its pid 1 to its end: parked first, then running one program, then ended.
 *
 * <p>All data go over one socket, to which pid 1 connects before any of the program's code exists; whoever calls later
 * is the program, and finds nobody. The socket is a life line: when it closes, pid 1 ends, and the kernel kills the
 * rest. Confined to the context on which it was made.
 */
final class NsjailJail implements Sandbox.Jail {
    private static final Logger LOG = LoggerFactory.getLogger(NsjailJail.class);
    /** A jail and an interpreter take about 15 ms; this is for a machine in trouble. */
    private static final long START_MS = 10_000;

    private static final long LOOK_MS = 2;
    private static final long FORCE_AFTER_MS = 100;
    private static final long LATE_MS = 5_000;
    /** Between the message to kill and the end of all processes; large ones take a while on a busy machine. */
    private static final long DEAF_MS = 2_000;

    /** Somebody, but nobody knows who. No process has this number. */
    private static final List<Long> UNKNOWN = List.of(Long.MAX_VALUE);

    private enum State {
        STARTING,
        PARKED,
        RUNNING,
        ENDED,
        CLOSED
    }

    private final Vertx vertx;
    private final Door door;
    private final Cgroups.Group group;
    private final Supplier<Future<Lifeline>> starter;
    private final Consumer<NsjailJail> whenClosed;
    private final Promise<Void> parked = Promise.promise();
    private final Promise<Void> spoilt = Promise.promise();
    private State state = State.STARTING;
    private NetSocket socket;
    private Future<?> starting = Future.succeededFuture();
    private Lifeline lifeline;
    private long startTimer = -1;
    private Future<Void> closing;
    private boolean saidLate;
    private long killTimer = -1;

    private JobSpec spec;
    private Sandbox.Listener listener;
    private Frames.Status status;
    private RecordParser parser;
    private byte frameType;
    private boolean atHeader;
    /** What is still to be sent of the program's input. */
    private Buffer stdin = Buffer.buffer();

    private int stdinSent;
    private int stdinUnacknowledged;
    /** Nothing comes behind what is there. */
    private boolean stdinWhole;

    private boolean stdinEnded;
    private FilesAnswer answer;

    /**
     * Makes a jail that is yet to be started.
     *
     * @param door where its pid 1 calls
     * @param starter brings nsjail to make it; called once somebody listens
     * @param whenClosed told when nothing of it is left
     */
    NsjailJail(
            Vertx vertx,
            Door door,
            Cgroups.Group group,
            Supplier<Future<Lifeline>> starter,
            Consumer<NsjailJail> whenClosed) {
        this.vertx = vertx;
        this.door = door;
        this.group = group;
        this.starter = starter;
        this.whenClosed = whenClosed;
    }

    /** Starts it. Completes when the interpreter waits for its program. */
    Future<Void> park() {
        if (state != State.STARTING) {
            return parked.future(); // closed before it began
        }
        startTimer = vertx.setTimer(START_MS, t -> failStart("The jail was not ready within " + START_MS + " ms."));
        starting = door.open(this::called)
                .compose(v -> starter.get())
                .onSuccess(line -> {
                    lifeline = line;
                    line.ended().onSuccess(this::outerEnd);
                })
                .onFailure(e -> parked.tryFail(
                        new Sandbox.SandboxException("nsjail could not be started: " + e.getMessage(), e)));
        return parked.future();
    }

    private void outerEnd(String said) {
        if (state == State.STARTING) {
            failStart("nsjail ended." + (said.isBlank() ? "" : " It said: " + printable(said.trim())));
        } else if (state == State.PARKED) {
            hungUp();
        }
    }

    private void failStart(String why) {
        if (state == State.STARTING) {
            parked.tryFail(new Sandbox.SandboxException(why, ranOutOfMemory()));
        }
    }

    private boolean ranOutOfMemory() {
        try {
            return group.read().oomKills() > 0;
        } catch (IOException e) {
            LOG.warn("control group cannot be read: {}", e.getMessage());
            return false;
        }
    }

    private void called(NetSocket caller) {
        if (socket != null || state != State.STARTING) {
            caller.close();
            return;
        }
        socket = caller;
        parser = RecordParser.newFixed(1);
        parser.handler(this::ready);
        caller.handler(parser);
        caller.exceptionHandler(e -> LOG.debug("jail's socket: {}", e.getMessage()));
        caller.closeHandler(v -> hungUp());
    }

    private void ready(Buffer first) {
        if (state != State.STARTING) {
            return;
        }
        if (first.getByte(0) != Frames.READY) {
            failStart("The interpreter could not be started.");
            socket.close();
            return;
        }
        state = State.PARKED;
        vertx.cancelTimer(startTimer);
        atHeader = true;
        parser.fixedSizeMode(Frames.HEADER);
        parser.handler(this::piece);
        parked.tryComplete();
    }

    boolean isParked() {
        return state == State.PARKED;
    }

    /** Completes when a parked jail is of no use any more: its pid 1 has gone. */
    Future<Void> spoilt() {
        return spoilt.future();
    }

    /**
     * Hands the program over. Only a parked jail takes one, and only one.
     *
     * @throws IOException when the limits cannot be set; the jail is of no use then
     */
    void begin(JobSpec program, Sandbox.Listener to) throws IOException {
        if (state != State.PARKED) {
            throw new IllegalStateException("a jail that is " + state + " takes no program");
        }
        spec = program;
        listener = to;
        stdin = program.interactive() ? program.stdin().copy() : program.stdin();
        stdinWhole = !program.interactive();
        group.limit(spec.limits());
        group.hurry(true);
        state = State.RUNNING;
        socket.write(Frames.job(spec));
        feed();
    }

    private void piece(Buffer bytes) {
        if (state == State.CLOSED) {
            return;
        }
        if (atHeader) {
            frameType = bytes.getByte(0);
            long length = bytes.getUnsignedInt(1);
            if (length > Frames.MAX_PAYLOAD) {
                broken("a frame of " + length + " bytes");
            } else if (length == 0) {
                frame(Buffer.buffer());
            } else {
                atHeader = false;
                parser.fixedSizeMode((int) length);
            }
        } else {
            atHeader = true;
            parser.fixedSizeMode(Frames.HEADER);
            frame(bytes);
        }
    }

    private void frame(Buffer payload) {
        if (state == State.ENDED && answer != null) {
            answerFrame(payload);
            return;
        }
        if (state != State.RUNNING) {
            broken("a frame of type " + frameType + " out of place");
            return;
        }
        switch (frameType) {
            case '1' -> listener.output(false, payload);
            case '2' -> listener.output(true, payload);
            case 'D' -> listener.stack(payload);
            case 'A' -> {
                stdinUnacknowledged -= payload.length() == 4 ? payload.getInt(0) : 0;
                if (stdinUnacknowledged < 0 || payload.length() != 4) {
                    broken("a wrong acknowledgement");
                } else {
                    feed();
                }
            }
            case 'S' -> {
                try {
                    status = Frames.status(payload);
                    end(status.exit());
                } catch (IllegalArgumentException e) {
                    broken(e.getMessage());
                }
            }
            case 'X' -> {
                LOG.warn("jail: no program ran: {}", printable(payload.toString()));
                end(Sandbox.Exit.UNKNOWN);
            }
            default -> broken("a frame of type " + frameType);
        }
    }

    /** Text from inside must not forge lines of our log. */
    private static String printable(String text) {
        return text.replaceAll("\\p{Cntrl}+", " ");
    }

    /** The jail says what pid 1 never says: trust nothing more. */
    private void broken(String what) {
        LOG.error("jail broke the protocol: {}", what);
        socket.close();
        hungUp();
    }

    private void feed() {
        if (state != State.RUNNING) {
            return;
        }
        while (stdinSent < stdin.length() && stdinUnacknowledged < Frames.STDIN_CREDIT) {
            int n = Math.min(stdin.length() - stdinSent, Frames.STDIN_CREDIT - stdinUnacknowledged);
            socket.write(Frames.message('i', stdin.slice(stdinSent, stdinSent + n)));
            stdinSent += n;
            stdinUnacknowledged += n;
        }
        if (stdinSent == stdin.length() && stdinWhole && !stdinEnded) {
            stdinEnded = true;
            socket.write(Frames.message('e'));
        }
    }

    @Override
    public void input(Buffer bytes) {
        if (stdinSent == stdin.length()) {
            stdin = Buffer.buffer();
            stdinSent = 0;
        }
        stdin.appendBuffer(bytes);
        feed();
    }

    @Override
    public void endInput() {
        stdinWhole = true;
        feed();
    }

    @Override
    public boolean awaitsInput() {
        if (state != State.RUNNING || stdinUnacknowledged > 0 || stdinSent < stdin.length() || stdinEnded) {
            return false;
        }
        try {
            return InputWait.isIn(processes());
        } catch (IOException e) {
            LOG.debug("processes cannot be looked at: {}", e.getMessage());
            return false;
        }
    }

    private void end(Sandbox.Exit exit) {
        if (state == State.RUNNING) {
            state = State.ENDED;
            vertx.cancelTimer(killTimer);
            listener.ended(exit);
        }
    }

    private void hungUp() {
        switch (state) {
            case STARTING -> failStart("The jail ended before it was ready.");
            case PARKED -> spoilt.tryComplete();
            case RUNNING -> end(Sandbox.Exit.UNKNOWN);
            case ENDED -> failAnswer("the jail ended");
            case CLOSED -> {}
        }
    }

    @Override
    public void interrupt() {
        message('I');
    }

    @Override
    public void terminate() {
        message('T');
    }

    @Override
    public void kill() {
        if (state == State.RUNNING) {
            message('K');
            vertx.cancelTimer(killTimer);
            killTimer = vertx.setTimer(DEAF_MS, t -> cutOff());
        }
    }

    /** pid 1 reads no message before the interpreter has let go of the socket, but always sees its end. */
    private void cutOff() {
        if (state == State.RUNNING) {
            LOG.warn("a jail did not obey SIGKILL; its socket is closed");
            socket.close();
            hungUp();
        }
    }

    @Override
    public void dumpStack() {
        message('D');
    }

    private void message(char type) {
        if (state == State.RUNNING) {
            socket.write(Frames.message(type));
        }
    }

    @Override
    public void pause() {
        socket.pause();
    }

    @Override
    public void resume() {
        socket.resume();
    }

    @Override
    public Sandbox.Meter meter() {
        try {
            Sandbox.Meter counted = group.read();
            if (status == null) {
                return counted;
            }
            // Pages that programs share (the interpreter's own) are charged to whoever came first: for a small program
            // the kernel's figure for its largest process is nearer to the truth.
            long largest = Math.min(status.largestBytes(), spec.limits().memoryBytes());
            return new Sandbox.Meter(
                    counted.cpuMs() < 0 ? status.cpuMs() : counted.cpuMs(),
                    Math.max(counted.memoryPeakBytes(), largest),
                    counted.oomKills(),
                    counted.processesRefused());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What pid 1 answers to a question about files: records or bytes, then one last frame. */
    private static final class FilesAnswer {
        final Promise<Void> done = Promise.promise();
        final Buffer bytes = Buffer.buffer();
        final char type;
        final long cap;
        long last;

        FilesAnswer(char type, long cap) {
            this.type = type;
            this.cap = cap;
        }
    }

    private Future<FilesAnswer> ask(Buffer question, char type, long cap) {
        if (state != State.ENDED || status == null || answer != null) {
            return Future.failedFuture(new Sandbox.SandboxException("The jail cannot be asked for files now."));
        }
        FilesAnswer asked = new FilesAnswer(type, cap);
        answer = asked;
        socket.resume();
        socket.write(question);
        return asked.done.future().map(asked);
    }

    private void answerFrame(Buffer payload) {
        if (frameType == answer.type && answer.bytes.length() + payload.length() <= answer.cap) {
            answer.bytes.appendBuffer(payload);
        } else if (frameType == 'Z' && payload.length() == 4) {
            FilesAnswer finished = answer;
            answer = null;
            finished.last = payload.getUnsignedInt(0);
            finished.done.complete();
        } else {
            broken("a frame of type " + frameType + " in an answer about files");
        }
    }

    private void failAnswer(String why) {
        if (answer != null) {
            FilesAnswer open = answer;
            answer = null;
            open.done.fail(new Sandbox.SandboxException(why));
        }
    }

    @Override
    public Future<Sandbox.Listing> files() {
        return ask(Frames.message('L'), 'L', Frames.MAX_LISTING).map(a -> {
            List<Sandbox.Left> files = new ArrayList<>();
            int omitted = (int) Math.min(a.last, Integer.MAX_VALUE);
            for (Frames.Entry r : Frames.listing(a.bytes)) {
                try {
                    String path = StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(java.nio.ByteBuffer.wrap(r.path().getBytes()))
                            .toString();
                    files.add(new Sandbox.Left(path, r.size()));
                } catch (CharacterCodingException e) {
                    omitted++;
                }
            }
            return new Sandbox.Listing(files, omitted);
        });
    }

    @Override
    public Future<Buffer> file(String path, long size) {
        return ask(Frames.message('G', Buffer.buffer(path)), 'B', size).map(a -> {
            if (a.last != 0) {
                throw new IllegalStateException("it could not be read: error " + a.last);
            }
            return a.bytes;
        });
    }

    @Override
    public Future<Void> close() {
        if (closing != null) {
            return closing;
        }
        state = State.CLOSED;
        vertx.cancelTimer(startTimer);
        vertx.cancelTimer(killTimer);
        parked.tryFail(new Sandbox.SandboxException("The sandbox was closed."));
        failAnswer("the jail was closed");
        if (socket != null) {
            socket.close(); // pid 1 sees the end of its socket and ends; with it goes the rest
        }
        closing = starting.transform(started -> {
                    if (lifeline != null) {
                        lifeline.release();
                    }
                    Promise<Void> empty = Promise.promise();
                    awaitEmpty(empty, System.nanoTime());
                    return empty.future();
                })
                .onComplete(r -> {
                    if (socket == null) {
                        door.shut(); // nobody has called
                    }
                    whenClosed.accept(this);
                });
        return closing;
    }

    /** The kernel says when the last process is gone; who does not go is made to. */
    private void awaitEmpty(Promise<Void> empty, long since) {
        if ((lifeline == null || lifeline.isOver()) && left().isEmpty()) {
            empty.complete();
            return;
        }
        if (System.nanoTime() - since > TimeUnit.MILLISECONDS.toNanos(FORCE_AFTER_MS)) {
            if (lifeline != null) {
                lifeline.force();
            }
            Cgroups.kill(left());
        }
        if (!saidLate && System.nanoTime() - since > TimeUnit.MILLISECONDS.toNanos(LATE_MS)) {
            saidLate = true;
            LOG.error("processes of an ended jail do not die: {}", left());
        }
        vertx.setTimer(LOOK_MS, t -> awaitEmpty(empty, since));
    }

    /** The processes in it. */
    List<Long> processes() throws IOException {
        return group.pids().orElseGet(this::descendants).stream()
                .filter(pid -> lifeline == null || !lifeline.stays(pid))
                .toList();
    }

    private List<Long> left() {
        try {
            return processes();
        } catch (IOException e) {
            LOG.warn("control group cannot be read: {}", e.getMessage());
            return UNKNOWN; // not empty, for all we know
        }
    }

    /** Without control groups: pid 1 ends as the last one of its jail, and nsjail is its parent. */
    private List<Long> descendants() {
        return lifeline == null
                ? List.of()
                : lifeline.nsjail().descendants().map(ProcessHandle::pid).toList();
    }
}
