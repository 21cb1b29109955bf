"""pid 1 of a jail in Python, for a machine that init.c was not built for.

    python3 -IS init.py INTERPRETER FILE [ARGUMENT...]

The same protocol as init.c in the same order and with the same words; its comments hold here too. It costs some milliseconds and
megabytes more a jail. Only what is built in is imported, or small: the interpreter's own start is the most of it.
"""

import _signal
import errno
import fcntl
import posix
import select
import sys

import _socket

SOCKET_PATH = "/bay/s"
CHUNK = 65536
ACK_AT = CHUNK // 4
GATE_OPEN, GATE_RESTART = b"\x06", b"\x07"
SIGNAL_DUMP = 62
OWN_FD_FLOOR = 20

FOLDER = "/work"
LONGEST_PATH = 1024
DEEPEST = 16
MOST_FILES = 10000

# What the interpreter finds at its start; bootstrap.py knows the same numbers.
FD_SOCKET_IN, FD_SOCKET_OUT, FD_ERRORS, FD_STDIN, FD_STDOUT, FD_STDERR, FD_GATE = 0, 1, 2, 10, 11, 12, 13

EXIT_DONE, EXIT_FAILED, EXIT_SETUP, EXIT_CONNECT, EXIT_WORKER_LEFT, EXIT_PROTOCOL = 0, 95, 96, 97, 98, 99

PARKED, RUNNING, ENDING, LAST = range(4)
OUT, ERR = 0, 1

GONE = select.POLLRDHUP | select.POLLHUP | select.POLLERR


def _quit(code, what, error=None):
    reason = error.strerror if error else "the job ends here"
    try:
        posix.write(2, f"init: {what}: {reason}\n".encode("utf-8", "backslashreplace"))
    finally:
        posix._exit(code)


def _u32(value):
    return value.to_bytes(4, "big")


def _lift(fd):
    lifted = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, OWN_FD_FLOOR)
    posix.close(fd)
    return lifted


def _reset_signals():
    for number in _signal.valid_signals():
        if _signal.getsignal(number) != _signal.SIG_DFL:  # ignored ones would be inherited
            _signal.signal(number, _signal.SIG_DFL)


def _open_folder(name, at=None):
    return posix.open(name, posix.O_RDONLY | posix.O_DIRECTORY | posix.O_NOFOLLOW | posix.O_CLOEXEC, dir_fd=at)


def _is_plain_path(path):
    if not path or len(path) > LONGEST_PATH or b"\0" in path:
        return False
    return not any(step in (b"", b".", b"..") for step in path.split(b"/"))


def _open_file(path):
    *folders, name = path.split(b"/")
    at = _open_folder(FOLDER)
    try:
        for folder in folders:
            below = _open_folder(folder, at)
            posix.close(at)
            at = below
        return posix.open(name, posix.O_RDONLY | posix.O_NOFOLLOW | posix.O_NONBLOCK | posix.O_CLOEXEC, dir_fd=at)
    finally:
        posix.close(at)


class _Listing:
    """Walks the files that the program left; `send` takes a full frame's records."""

    def __init__(self, send):
        self.send = send
        self.records = b""
        self.files = self.left_out = 0

    def folder(self, name, at, above, depth):
        try:
            folder = _open_folder(name, at)
        except OSError:
            self.left_out += 1
            return
        try:
            with posix.scandir(folder) as entries:
                for entry in entries:
                    self.entry(entry.name, folder, above, depth)
        except OSError:
            self.left_out += 1
        finally:
            posix.close(folder)

    def entry(self, name, folder, above, depth):
        path = above + name.encode("utf-8", "surrogateescape")
        try:
            found = posix.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError:
            self.left_out += 1
            return
        kind = found.st_mode >> 12
        directory, regular = 0o04, 0o10
        if kind not in (directory, regular):
            return
        if len(path) > LONGEST_PATH or (kind == directory and depth == DEEPEST):
            self.left_out += 1
        elif kind == directory:
            self.folder(name, folder, path + b"/", depth + 1)
        elif self.files == MOST_FILES or not posix.access(name, posix.R_OK, dir_fd=folder):
            self.left_out += 1
        else:
            self.files += 1
            record = _u32(len(path)) + found.st_size.to_bytes(8, "big") + path
            if len(self.records) + len(record) > CHUNK:
                self.end()
            self.records += record

    def end(self):
        if self.records:
            self.send(self.records)
            self.records = b""


class _Init:
    def __init__(self, command):
        self.command = command
        self.state = PARKED
        self.program_ended = self.all_reaped = self.restarting = False
        self.exit_status = self.usage = None
        self.failure = ""
        self.outgoing = memoryview(b"")
        self.last_frame_sent = False
        self.incoming = b""
        self.pending_stdin = b""
        self.unacknowledged = 0
        self.stdin_ended = self.stdin_refused = False
        self.dumping = False
        self.before_dump = b""
        self.err_first = False

    # ------------------------------------------------------------------------------------------------ to the worker

    def worker_closed(self):
        posix._exit(EXIT_WORKER_LEFT if not self.last_frame_sent else EXIT_FAILED if self.failure else EXIT_DONE)

    def frame(self, kind, payload):
        self.outgoing = memoryview(kind + _u32(len(payload)) + payload)
        self.send_outgoing()

    def send_outgoing(self):
        while self.outgoing:
            try:
                # Not a non-blocking socket: the flag would belong to the socket itself, and the interpreter reads the same one.
                sent = self.worker.send(self.outgoing, _socket.MSG_DONTWAIT | _socket.MSG_NOSIGNAL)
            except BlockingIOError:
                return
            except OSError:
                self.worker_closed()
            self.outgoing = self.outgoing[sent:]
            if not self.outgoing and self.state == LAST:
                self.last_frame_sent = True

    def send_acknowledgement(self):
        if self.outgoing or self.state >= ENDING or not self.unacknowledged:
            return
        if self.unacknowledged < ACK_AT and self.pending_stdin:
            return
        count, self.unacknowledged = self.unacknowledged, 0
        self.frame(b"A", _u32(count))

    def send_before_dump(self):
        if self.before_dump and not self.outgoing:
            payload, self.before_dump = self.before_dump, b""
            self.frame(b"2", payload)

    def send_last(self):
        self.state = LAST
        if self.failure:
            self.frame(b"X", self.failure.encode("utf-8", "surrogateescape")[:1199])
            return
        signalled = posix.WIFSIGNALED(self.exit_status)
        kind = "S" if signalled else "E"
        number = posix.WTERMSIG(self.exit_status) if signalled else posix.WEXITSTATUS(self.exit_status)
        usage = self.usage
        self.frame(b"S", f"{kind} {number} {usage.ru_utime:.6f} {usage.ru_stime:.6f} {usage.ru_maxrss}\n".encode())

    # ------------------------------------------------------------------------------------------------ processes

    def kill_everything(self):
        try:
            posix.kill(-1, _signal.SIGKILL)
        except ProcessLookupError:
            pass

    def reap(self):
        try:
            while posix.read(self.children, CHUNK):
                pass
        except BlockingIOError:
            pass
        while True:
            try:
                pid, status, usage = posix.wait4(-1, posix.WNOHANG)
            except ChildProcessError:
                self.all_reaped = True
                return
            if pid == 0:
                return
            if pid == self.program:
                self.program_ended = True
                self.exit_status, self.usage = status, usage

    def start_interpreter(self):
        # Lifted, or a dup2 below would overwrite another pipe's end.
        pipes = [[_lift(end) for end in posix.pipe2(posix.O_CLOEXEC)] for _ in range(4)]
        (stdin, self.program_stdin), (out, stdout), (err, stderr), (self.gate, gate) = pipes
        self.program_output = [out, err]
        places = (
            (self.worker.fileno(), FD_SOCKET_IN),
            (self.worker.fileno(), FD_SOCKET_OUT),
            (stderr, FD_ERRORS),
            (stdin, FD_STDIN),
            (stdout, FD_STDOUT),
            (stderr, FD_STDERR),
            (gate, FD_GATE),
        )
        exec_error, report = (_lift(end) for end in posix.pipe2(posix.O_CLOEXEC))
        self.program = posix.fork()  # posix_spawn would leave two signals ignored
        if self.program == 0:
            try:
                _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
                _reset_signals()
                posix.setsid()
                for end, place in places:
                    posix.dup2(end, place)
                posix.execv(self.command[0], self.command)
            except OSError as error:
                posix.write(report, posix.strerror(error.errno).encode())
            finally:
                posix._exit(127)
        for end in (stdin, stdout, stderr, gate, report):
            posix.close(end)
        error = posix.read(exec_error, 1000)
        posix.close(exec_error)
        if error:
            self.failure = f"{self.command[0]}: {error.decode()}"
        for end in (self.gate, self.program_stdin, out, err):
            posix.set_blocking(end, False)

    # ------------------------------------------------------------------------------------------------ the gate

    def read_gate(self):
        try:
            said = posix.read(self.gate, 1000)
            if said.startswith(GATE_RESTART):
                self.restarting = True
                said = said[1:] or posix.read(self.gate, 1000)
        except BlockingIOError:
            return
        posix.close(self.gate)
        self.gate = -1
        if said == GATE_OPEN or (not said and self.restarting):
            self.state = RUNNING
        elif said:
            self.failure = "bootstrap: " + said.decode("utf-8", "surrogateescape")
            self.kill_everything()

    def interpreter_failed(self):
        if self.failure:
            return
        try:
            said = posix.read(self.program_output[ERR], 999)
        except BlockingIOError:
            said = b""
        signalled = posix.WIFSIGNALED(self.exit_status)
        kind = "signal" if signalled else "exit code"
        number = posix.WTERMSIG(self.exit_status) if signalled else posix.WEXITSTATUS(self.exit_status)
        self.failure = f"interpreter: ended before it took the job, {kind} {number}: {said.decode('utf-8', 'surrogateescape')}"

    # ------------------------------------------------------------------------------------------------ the program's pipes

    def drop_stdin(self):
        self.unacknowledged += len(self.pending_stdin)
        self.pending_stdin = b""

    def feed_stdin(self):
        while self.pending_stdin and not self.stdin_refused:
            try:
                taken = posix.write(self.program_stdin, self.pending_stdin)
            except BlockingIOError:
                break
            except OSError:
                self.stdin_refused = True
                break
            self.pending_stdin = self.pending_stdin[taken:]
            self.unacknowledged += taken
        if self.stdin_refused:
            self.drop_stdin()
        if self.program_stdin >= 0 and (self.stdin_refused or (self.stdin_ended and not self.pending_stdin)):
            posix.close(self.program_stdin)
            self.program_stdin = -1
            self.stdin_refused = True
        self.send_acknowledgement()

    def read_output(self, which):
        self.send_before_dump()
        if self.outgoing or self.program_output[which] < 0:
            return
        try:
            payload = posix.read(self.program_output[which], CHUNK)
        except BlockingIOError:
            if not self.all_reaped:
                return
            payload = b""
        if not payload:
            posix.close(self.program_output[which])
            self.program_output[which] = -1
            return
        self.frame(b"1" if which == OUT else b"D" if self.dumping else b"2", payload)

    # ------------------------------------------------------------------------------------------------ the program's files

    def answer(self, kind, payload):
        self.frame(kind, payload)
        while self.outgoing:
            poll = select.poll()
            poll.register(self.worker, select.POLLOUT | select.POLLRDHUP)
            for _, events in poll.poll():
                if events & GONE:
                    self.worker_closed()
            self.send_outgoing()

    def answer_list(self):
        listing = _Listing(lambda records: self.answer(b"L", records))
        listing.folder(FOLDER, None, b"", 0)
        listing.end()
        self.answer(b"Z", _u32(listing.left_out))

    def answer_file(self, path):
        if not _is_plain_path(path):
            _quit(EXIT_PROTOCOL, "a path that is not plain")
        error, file = 0, -1
        try:
            file = _open_file(path)
            found = posix.fstat(file)
            if found.st_mode >> 12 != 0o10:
                raise OSError(errno.EINVAL, "")
            left = found.st_size
            while left > 0:
                payload = posix.read(file, min(left, CHUNK))
                if not payload:
                    break
                self.answer(b"B", payload)
                left -= len(payload)
        except OSError as failed:
            error = failed.errno
        finally:
            if file >= 0:
                posix.close(file)
        self.answer(b"Z", _u32(error))

    # ------------------------------------------------------------------------------------------------ from the worker

    def signal_program(self, group, number):
        if not self.program_ended:
            try:
                posix.kill(-self.program if group else self.program, number)
            except ProcessLookupError:
                pass

    def dump_stacks(self):
        if self.dumping or self.program_ended:
            return
        self.dumping = True
        try:
            self.before_dump = posix.read(self.program_output[ERR], CHUNK) if self.program_output[ERR] >= 0 else b""
        except BlockingIOError:
            pass
        self.signal_program(False, SIGNAL_DUMP)

    def obey(self, kind, payload):
        if payload and kind not in b"iG":
            _quit(EXIT_PROTOCOL, "a message with a payload it must not have")
        if kind == b"i":
            if self.stdin_ended:
                _quit(EXIT_PROTOCOL, "stdin after its end")
            if len(payload) > CHUNK - len(self.pending_stdin) - self.unacknowledged:
                _quit(EXIT_PROTOCOL, "more stdin than acknowledged")
            self.pending_stdin += payload
            self.feed_stdin()
        elif kind == b"e":
            self.stdin_ended = True
            self.feed_stdin()
        elif kind == b"I":
            self.signal_program(True, _signal.SIGINT)
        elif kind == b"T":
            self.signal_program(True, _signal.SIGTERM)
        elif kind == b"D":
            self.dump_stacks()
        elif kind == b"K":
            self.kill_everything()
        elif kind in (b"L", b"G"):
            if not self.last_frame_sent or self.failure:
                _quit(EXIT_PROTOCOL, "files without a status")
            if kind == b"L":
                self.answer_list()
            else:
                self.answer_file(payload)
        else:
            _quit(EXIT_PROTOCOL, "a message of an unknown type")

    def read_messages(self):
        try:
            piece = self.worker.recv(CHUNK, _socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if not piece:
            self.worker_closed()
        data, at = self.incoming + piece, 0
        while len(data) - at >= 5:
            length = int.from_bytes(data[at + 1 : at + 5], "big")
            if length > CHUNK:
                _quit(EXIT_PROTOCOL, "a message too long")
            if len(data) - at < 5 + length:
                break
            self.obey(data[at : at + 1], data[at + 5 : at + 5 + length])
            at += 5 + length
        self.incoming = data[at:]

    # ------------------------------------------------------------------------------------------------ the loop

    def wait_for_events(self):
        poll = select.poll()

        def watch(fd, events):
            if fd >= 0:
                poll.register(fd, events)

        worker = self.worker.fileno()
        may_read_pipes = self.state in (RUNNING, ENDING) and not self.outgoing
        watch(self.children, select.POLLIN)
        watch(self.gate if self.state == PARKED else -1, select.POLLIN)
        # While parked, the bytes belong to the interpreter; but the end is always seen.
        watch(worker, select.POLLRDHUP | (0 if self.state == PARKED else select.POLLIN) | (select.POLLOUT if self.outgoing else 0))
        watch(self.program_stdin if self.pending_stdin else -1, select.POLLOUT)
        for output in self.program_output if may_read_pipes else ():
            watch(output, select.POLLIN)
        seen = dict(poll.poll())

        outputs = [seen.get(output) for output in self.program_output]
        if seen.get(worker, 0) & GONE:
            self.worker_closed()
        if seen.get(worker, 0) & select.POLLIN:
            self.read_messages()
        if seen.get(worker, 0) & select.POLLOUT:
            self.send_outgoing()
        if self.gate in seen:
            self.read_gate()
        if self.children in seen:
            self.reap()
        if self.program_stdin in seen:
            self.feed_stdin()
        self.send_before_dump()
        self.send_acknowledgement()
        # Only one of both can go into the frame: take turns, or a flood on one would hide the other.
        for which in (ERR, OUT) if self.err_first else (OUT, ERR):
            if outputs[which] and not self.outgoing:
                self.read_output(which)
                self.err_first = which == OUT
                break

    def connect(self):
        caller = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC)
        try:
            caller.connect(SOCKET_PATH)
        except OSError as error:
            _quit(EXIT_CONNECT, SOCKET_PATH, error)
        self.worker = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0, fileno=_lift(caller.detach()))

    def watch_children(self):
        # pid 1 gets no signal from inside that it has no handler for: only SIGCHLD keeps one, which fills a pipe.
        _reset_signals()
        _signal.signal(_signal.SIGPIPE, _signal.SIG_IGN)
        reading, writing = (_lift(end) for end in posix.pipe2(posix.O_CLOEXEC | posix.O_NONBLOCK))
        _signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        _signal.signal(_signal.SIGCHLD, lambda *_: None)
        self.children = reading

    def run(self):
        self.watch_children()
        self.connect()
        self.start_interpreter()
        while True:
            if self.program_ended and self.state < ENDING:
                if self.gate >= 0:
                    self.read_gate()
                if self.state != RUNNING:
                    self.interpreter_failed()
                self.state = ENDING
                self.drop_stdin()
                self.kill_everything()
                self.reap()
            drained = self.failure or (self.program_output == [-1, -1] and not self.before_dump)
            if self.state == ENDING and self.all_reaped and not self.outgoing:
                if drained:
                    self.send_last()
                else:
                    # Nobody can write any more, so read without waiting.
                    self.read_output(OUT if self.program_output[OUT] >= 0 else ERR)
                    continue
            self.wait_for_events()


def _hide():
    # The program has our uid: without this it could read and write our memory and descriptors through /proc/1.
    import ctypes

    PR_SET_DUMPABLE = 4
    if ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0):
        _quit(EXIT_SETUP, "dumpable")


def main():
    _hide()
    if len(sys.argv) < 3:
        _quit(EXIT_SETUP, "usage: init INTERPRETER FILE [ARGUMENT...]")
    try:
        _Init(sys.argv[1:]).run()
    except BaseException as error:
        _quit(EXIT_SETUP, f"{type(error).__name__}: {error}")


main()
