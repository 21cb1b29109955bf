"""The worker's side of a jail in plain Python: `try.py`, `test_jail.py` and `bench/start.py` drive jails with it, as the worker does."""

import os
import platform
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
CREDIT = 65536  # bytes of stdin that init may not have acknowledged yet
READY = b"\x06"
INTERPRETER = "/usr/bin/python3"
PROGRAM = "main.py"


class JailFailed(Exception):
    """There was no job: the jail itself failed, or nsjail could not make it."""


def frame(arguments=(), environment=None, files=None, main=None, lines=False):
    """The job frame. Keys and values are str or bytes."""
    records = [("M", b"", main)] if main else []
    records += [("L", b"", b"")] if lines else []
    records += [("A", b"", value) for value in arguments]
    records += [("E", key, value) for key, value in (environment or {}).items()]
    records += [("F", key, value) for key, value in (files or {}).items()]
    body = b"".join(
        struct.pack(">cII", kind.encode(), len(key), len(value)) + key + value
        for kind, key, value in ((kind, os.fsencode(key), os.fsencode(value)) for kind, key, value in records)
    )
    return struct.pack(">I", len(body)) + body


def message(kind, payload=b""):
    return struct.pack(">cI", kind.encode(), len(payload)) + payload


class Room:
    """A prepared root and one slot folder; it makes one jail after the other, each with an nsjail of its own. Use it in a `with` statement."""

    def __init__(self, nsjail, uid=None, disk_bytes=64 << 20, fsize_mb=128, python_init=False, preload=None):
        self.nsjail = str(nsjail)
        self.zygote = None  # with a list of modules to preload, even an empty one: the interpreters of all jails are its copies
        self.python_init = python_init  # as on a machine that init.c was not built for
        self.is_root = os.getuid() == 0
        self.uid = uid if uid is not None else 210000 if self.is_root else os.getuid()
        self.gid = self.uid if self.is_root else os.getgid()
        self.folder = Path(tempfile.mkdtemp(prefix="onpy-"))
        try:
            self._prepare(disk_bytes, fsize_mb)
            if preload is not None:
                self.zygote = Zygote(self, preload)
        except BaseException:
            self.close()
            raise

    def _prepare(self, disk_bytes, fsize_mb):
        self.folder.chmod(0o711)  # nsjail walks through here with the slot's uid
        self.root, self.bay, self.log = self.folder / "root", self.folder / "bay", self.folder / "log"
        version = subprocess.run(
            [INTERPRETER, "-IS", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True, check=True
        ).stdout.strip()
        source = HERE
        if self.python_init:
            source = self.folder / "without-binaries"
            shutil.copytree(HERE, source, ignore=shutil.ignore_patterns("x86_64", "aarch64", "__pycache__"))
        self.source, self.version, self.words = source, version, {"@DISK_BYTES@": disk_bytes, "@FSIZE_MB@": fsize_mb}
        self.init = self.prepare_root(self.root)
        self.make_bay(self.bay, self.uid, self.gid)
        self.config = self.configure("job", self.root, self.bay, lambda line: True)

    def prepare_root(self, root, *kind):
        prepare = ["sh", str(self.source / "prepare-root"), str(root), platform.machine(), self.version, *kind]
        return subprocess.run(prepare, stdout=subprocess.PIPE, text=True, check=True).stdout.split()

    def make_bay(self, bay, uid, gid):
        bay.mkdir(mode=0o700)
        if self.is_root:
            os.chown(bay, uid, gid)

    def configure(self, name, root, bay, wanted):
        """Writes nsjail's configuration, with the lines that are wanted, and the filter that it names."""
        lines = (HERE / "deny.kafel").read_text().splitlines(keepends=True)
        deny = self.folder / f"{name}.kafel"
        deny.write_text("".join(line for line in filter(wanted, lines) if platform.machine() == "x86_64" or "// x86_64 only" not in line))
        text = "".join(filter(wanted, (HERE / "job.cfg").read_text().splitlines(keepends=True)))
        for word, value in {"@ROOT@": root, "@BAY@": bay, "@DENY@": deny, **self.words}.items():
            text = text.replace(word, str(value))
        config = self.folder / f"{name}.cfg"
        config.touch(mode=0o600)
        config.write_text(text)
        return config

    def command(self, interpreter=INTERPRETER, mode=("-Mo",)):
        start = self.zygote.dial() if self.zygote else ["setpriv", "--pdeathsig", "KILL", self.nsjail]
        return [
            *start, "-C", str(self.config), *mode, "--rw", "-u", f"1000:{self.uid}:1", "-g", f"1000:{self.gid}:1",
            "--", *self.init, interpreter, PROGRAM,
        ]  # fmt: skip

    def launch(self, command):
        with open(self.log, "wb") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def listen(self):
        """The socket that the next init calls. Close it before the job frame is sent: nobody else in the jail may get an answer at /bay/s."""
        path = self.bay / "s"
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        path.chmod(0o666)  # the folder is the lock
        listener.listen(1)
        return listener

    def start(self, interpreter=INTERPRETER, timeout=10):
        """A new jail whose init has called; its interpreter may not be ready yet."""
        with self.listen() as listener:
            nsjail = self.launch(self.command(interpreter))
            end = time.monotonic() + timeout
            while not select.select([listener], [], [], 0.05)[0]:
                if nsjail.poll() is not None or time.monotonic() > end:
                    nsjail.kill()
                    code = nsjail.wait()
                    raise JailFailed(f"nsjail ended with {code}: {self.log.read_text(errors='replace')}")
            worker, _ = listener.accept()
        return Job(worker, nsjail)

    def run(self, program, **options):
        with self.start() as job:
            return job.run(program, **options)

    def close(self):
        if self.zygote:
            self.zygote.close()
        shutil.rmtree(self.folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Zygote:
    """An interpreter with its modules loaded, in an nsjail without namespaces for users and processes; jails get copies of it."""

    def __init__(self, room, preload):
        self.room, self.owner = room, room.uid + 1000
        self.root, self.bay = room.folder / "zygote-root", room.folder / "zygote"
        room.prepare_root(self.root, "zygote")
        (self.root / "opt/boot/preload").write_text("\n".join(preload))
        room.make_bay(self.bay, self.owner, self.owner)
        config = room.configure("zygote", self.root, self.bay, lambda line: " not in a zygote" not in line)
        config.write_text(config.read_text() + f'mount {{ src: "{self.bay}" dst: "/bay" is_bind: true rw: true nosuid: true nodev: true noexec: true }}\n')
        os.chown(room.config, self.owner, self.owner)  # the jails' nsjail runs as it
        command = [
            "setpriv", "--pdeathsig", "KILL", room.nsjail, "-C", str(config), "-Mo", "--rw", "--disable_clone_newuser", "--disable_clone_newpid",
            "-u", f"{self.owner}:{self.owner}:1", "-g", f"{self.owner}:{self.owner}:1", "--", INTERPRETER, PROGRAM,
        ]  # fmt: skip
        # Pipes, for the interpreter looks at what they are: the program's are no files either.
        self.nsjail = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def dial(self):
        """How a jail's nsjail is started: as the user who owns the zygote, for only the owner of a user namespace may enter it."""
        capabilities = "-all,+setuid,+setgid"  # to map the slot's user into the jail
        return [
            INTERPRETER, "-IS", str(HERE / "zygote/dial.py"), str(self.bay / "z"), str(self.room.folder / "forker"), "--",
            "setpriv", "--reuid", str(self.owner), "--regid", str(self.owner), "--clear-groups",
            "--inh-caps", capabilities, "--ambient-caps", capabilities, "--bounding-set", capabilities, "--pdeathsig", "KILL",
            self.room.nsjail, "--pass_fd", "9",
        ]  # fmt: skip

    def close(self):
        self.nsjail.stdin.close()
        self.nsjail.wait()
        self.nsjail.stdout.close()


class Slot:
    """One nsjail that listens: each connection makes a fresh jail, and closing it ends that jail. Use it in a `with` statement.

    One jail at a time: the one before must be gone (Job.close waits for that), or its program could call at /bay/s in place of the next init.
    """

    def __init__(self, room, interpreter=INTERPRETER):
        self.room = room
        self.job = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.nsjail = room.launch(room.command(interpreter, ("-Ml", "--bindhost", "127.0.0.1", "-p", str(self.port), "--max_conns", "2")))

    def start(self, timeout=10):
        """A new jail whose init has called; its interpreter may not be ready yet."""
        if self.job and not self.job.is_gone():
            raise AssertionError("the jail before is not gone")
        end = time.monotonic() + timeout
        with self.room.listen() as listener:
            while True:
                life_line = self._connect(end)
                # nsjail closes it at once when there are two jails whose end it has not seen yet, which can take a second.
                called = select.select([listener, life_line], [], [], max(end - time.monotonic(), 0))[0]
                if listener in called:
                    self.job = Job(listener.accept()[0], self.nsjail, life_line)
                    return self.job
                said = life_line.recv(65536) if called else b"nothing"
                life_line.close()
                if said:
                    raise JailFailed(f"init did not call: {said.decode(errors='replace')}{self.room.log.read_text(errors='replace')}")
                self._pause("nsjail refuses", end)

    def _connect(self, end):
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port), timeout=max(end - time.monotonic(), 0.001))
            except OSError as error:
                self._pause(str(error), end)

    def _pause(self, reason, end):
        # Nothing tells when nsjail is ready for a connection, only its end is an event.
        try:
            reason = f"nsjail ended with {self.nsjail.wait(0.005)}"
        except subprocess.TimeoutExpired:
            if time.monotonic() < end:
                return
        raise JailFailed(f"{reason}: {self.room.log.read_text(errors='replace')}")

    def run(self, program, **options):
        with self.start() as job:
            return job.run(program, **options)

    def close(self):
        self.nsjail.kill()
        self.nsjail.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Result:
    """What came back: `status` is the first two words of the status, such as "E 0" or "S 9"; `line` is all of it."""

    def __init__(self):
        self.out, self.err, self.dump = bytearray(), bytearray(), bytearray()
        self.order = []  # (type, length) of each frame, in order
        self.line = self.status = self.failure = None
        self.acknowledged = 0

    def __repr__(self):
        return f"<{self.failure or self.status} out={bytes(self.out[-300:])!r} err={bytes(self.err[-1500:])!r}>"


class Job:
    """One jail from init's call to its end. Use it in a `with` statement: leaving it closes the socket, and that ends everything."""

    def __init__(self, worker, nsjail, life_line=None):
        self.worker, self.nsjail, self.life_line = worker, nsjail, life_line
        self.init = struct.unpack("3i", worker.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        self._init_end = os.pidfd_open(self.init)
        self.result = Result()
        self._received = bytearray()
        self._is_ready = False
        self._asked = self._answer = self._answer_end = None

    def ready(self, timeout=10):
        self.worker.settimeout(timeout)
        first = self.worker.recv(1)
        if first == b"X":
            self._received += first
            while self.result.failure is None:
                self._receive()
        if first != READY:
            raise JailFailed(self.result.failure or "closed before it was ready")
        self._is_ready = True
        return self

    def send(self, kind, payload=b""):
        self.worker.settimeout(10)
        self.worker.sendall(message(kind, payload))

    def begin(self, program, arguments=(), environment=None, files=None, main=None):
        """Sends the job frame; `program` becomes main.py, or the file that `main` names."""
        if not self._is_ready:
            self.ready()
        self.worker.settimeout(10)
        self.worker.sendall(frame(arguments, environment, {main or "main.py": program, **(files or {})}, main))

    def run(self, program, stdin=b"", timeout=30, **options):
        self.begin(program, **options)
        return self.finish(stdin, timeout)

    def finish(self, stdin=b"", timeout=30, until=None):
        """Feeds stdin as the credit allows and collects frames until the last one, or until `until(result)` is true."""
        end = time.monotonic() + timeout
        to_send, sent, ended = bytearray(), 0, stdin is None
        while not self._is_over() and not (until and until(self.result)):
            room = CREDIT - (sent - self.result.acknowledged)
            if stdin is not None and sent < len(stdin) and room > 0:
                piece = stdin[sent : sent + room]
                to_send += message("i", piece)
                sent += len(piece)
            if not ended and sent == len(stdin):
                to_send += message("e")
                ended = True
            left = end - time.monotonic()
            readable, writable, _ = select.select([self.worker], [self.worker] if to_send else [], [], max(left, 0))
            if left <= 0:
                raise TimeoutError(f"no status in time: {self.result}")
            if readable and not self._receive():
                raise JailFailed(f"the jail closed without a status: {self.result}")
            if writable and not self._is_over():
                self.worker.setblocking(False)
                try:
                    del to_send[: self.worker.send(to_send)]
                except BlockingIOError:
                    pass
        return self.result

    def dump(self):
        """Asks for the stacks of all threads: from here on stderr goes to `result.dump`."""
        self.send("D")

    def files(self):
        """The sizes of the files that the program left, by path (bytes), and how many were left out. After the status only."""
        records, left_out = self._ask("L")
        sizes = {}
        while records:
            length, size = struct.unpack_from(">IQ", records)
            sizes[bytes(records[12 : 12 + length])] = size
            del records[: 12 + length]
        return sizes, left_out

    def file(self, path):
        """One file's bytes. After the status only."""
        content, error = self._ask("G", os.fsencode(path))
        if error:
            raise OSError(error, os.strerror(error), path)
        return bytes(content)

    def _ask(self, kind, payload=b""):
        self._asked, self._answer, self._answer_end = {"L": "L", "G": "B"}[kind], bytearray(), None
        self.send(kind, payload)
        while self._answer_end is None:
            if not self._receive():
                raise JailFailed("the jail closed without an answer")
        self._asked = None
        return self._answer, self._answer_end

    def _is_over(self):
        return self.result.line is not None or self.result.failure is not None

    def _receive(self):
        piece = self.worker.recv(1 << 18)
        self._received += piece
        data, at = self._received, 0
        while len(data) - at >= 5:
            kind, length = data[at : at + 1].decode("latin1"), int.from_bytes(data[at + 1 : at + 5], "big")
            if length > 65536:
                raise AssertionError(f"a frame that is too long: {kind} {length}")
            if len(data) - at < 5 + length:
                break
            self._take(kind, bytes(data[at + 5 : at + 5 + length]))
            at += 5 + length
        del data[:at]
        return bool(piece)

    def _take(self, kind, payload):
        result = self.result
        if self._asked and kind == self._asked:
            self._answer += payload
        elif self._asked and kind == "Z":
            self._answer_end = int.from_bytes(payload, "big")
        elif self._is_over():
            raise AssertionError(f"a frame after the last one: {kind} {payload[:50]!r}")
        else:
            self._take_of_program(kind, payload)

    def _take_of_program(self, kind, payload):
        result = self.result
        result.order.append((kind, len(payload)))
        if kind == "1":
            result.out += payload
        elif kind == "2":
            result.err += payload
        elif kind == "D":
            result.dump += payload
        elif kind == "A":
            result.acknowledged += int.from_bytes(payload, "big")
        elif kind == "S":
            result.line = payload.decode()
            result.status = " ".join(result.line.split()[:2])
        elif kind == "X":
            result.failure = payload.decode(errors="replace")
        else:
            raise AssertionError(f"a frame of unknown type {kind!r}")

    def is_gone(self):
        return self._init_end is None or bool(select.select([self._init_end], [], [], 0)[0])

    def close(self):
        """Ends the jail and waits until nothing of it is left. Returns nsjail's exit code, which may take a second longer; none in a slot."""
        self.worker.close()
        if self.life_line:
            self.life_line.close()
        if self._init_end is not None:
            select.select([self._init_end], [], [], 5)  # the kernel reports the end of a pid 1 after that of all others
            os.close(self._init_end)
            self._init_end = None
        if self.life_line:
            return None
        try:
            return self.nsjail.wait(5)
        except subprocess.TimeoutExpired:
            self.nsjail.kill()
            return self.nsjail.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def installed_nsjail():
    """Where the tests find nsjail: the variable ONPY_RUNNER_NSJAIL."""
    return os.environ.get("ONPY_RUNNER_NSJAIL") or sys.exit("ONPY_RUNNER_NSJAIL must be the path of nsjail")
