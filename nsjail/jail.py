"""The worker's side of a jail in plain Python: `try.py` and `test_jail.py` drive jails with it, exactly as the worker does."""

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


class JailFailed(Exception):
    """There was no job: the jail itself failed, or nsjail could not make it."""


def frame(arguments=(), environment=None, files=None):
    """The job frame. Keys and values are str or bytes."""
    records = [("A", b"", value) for value in arguments]
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
    """A prepared root and one slot folder; it makes one jail after the other. Use it in a `with` statement."""

    def __init__(self, nsjail, uid=None, disk_bytes=64 << 20, fsize_mb=128):
        self.nsjail = str(nsjail)
        self.is_root = os.getuid() == 0
        self.uid = uid if uid is not None else 210000 if self.is_root else os.getuid()
        self.gid = self.uid if self.is_root else os.getgid()
        self.folder = Path(tempfile.mkdtemp(prefix="onpy-"))
        try:
            self._prepare(disk_bytes, fsize_mb)
        except BaseException:
            self.close()
            raise

    def _prepare(self, disk_bytes, fsize_mb):
        self.folder.chmod(0o711)  # nsjail walks through here with the slot's uid
        self.root, self.bay, self.log = self.folder / "root", self.folder / "bay", self.folder / "log"
        version = subprocess.run(
            [INTERPRETER, "-IS", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True, check=True
        ).stdout.strip()
        subprocess.run(["sh", str(HERE / "prepare-root"), str(self.root), platform.machine(), version], check=True)
        self.bay.mkdir(mode=0o700)
        if self.is_root:
            os.chown(self.bay, self.uid, self.gid)
        deny = self.folder / "deny.kafel"
        lines = (HERE / "deny.kafel").read_text().splitlines(keepends=True)
        deny.write_text("".join(line for line in lines if platform.machine() == "x86_64" or "// x86_64 only" not in line))
        text = (HERE / "job.cfg").read_text()
        for word, value in {
            "@ROOT@": self.root,
            "@BAY@": self.bay,
            "@DENY@": deny,
            "@DISK_BYTES@": disk_bytes,
            "@FSIZE_MB@": fsize_mb,
        }.items():
            text = text.replace(word, str(value))
        self.config = self.folder / "job.cfg"
        self.config.touch(mode=0o600)
        self.config.write_text(text)

    def command(self, interpreter=INTERPRETER):
        return [
            "setpriv", "--pdeathsig", "KILL",
            self.nsjail, "-Mo", "-C", str(self.config), "-u", f"1000:{self.uid}:1", "-g", f"1000:{self.gid}:1",
            "--", "/opt/boot/init", interpreter, "main.py",
        ]  # fmt: skip

    def start(self, interpreter=INTERPRETER, timeout=10):
        """A new jail whose init has called; its interpreter may not be ready yet."""
        path = self.bay / "s"
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            path.chmod(0o666)  # the folder is the lock
            listener.listen(1)
            with open(self.log, "wb") as log:
                nsjail = subprocess.Popen(self.command(interpreter), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            end = time.monotonic() + timeout
            while not select.select([listener], [], [], 0.05)[0]:
                if nsjail.poll() is not None or time.monotonic() > end:
                    nsjail.kill()
                    code = nsjail.wait()
                    raise JailFailed(f"nsjail ended with {code}: {self.log.read_text(errors='replace')}")
            worker, _ = listener.accept()
        # The listener is closed before any of the program's code runs: nobody else in the jail gets an answer at /bay/s.
        return Job(worker, nsjail)

    def run(self, program, **options):
        with self.start() as job:
            return job.run(program, **options)

    def close(self):
        shutil.rmtree(self.folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Result:
    """What came back: `status` is the first two words of the status, such as "E 0" or "S 9"; `line` is all of it."""

    def __init__(self):
        self.out, self.err = bytearray(), bytearray()
        self.order = []  # (type, length) of each frame, in order
        self.line = self.status = self.failure = None
        self.acknowledged = 0

    def __repr__(self):
        return f"<{self.failure or self.status} out={bytes(self.out[-300:])!r} err={bytes(self.err[-1500:])!r}>"


class Job:
    """One jail from init's call to its end. Use it in a `with` statement: leaving it closes the socket, and that ends everything."""

    def __init__(self, worker, nsjail):
        self.worker, self.nsjail = worker, nsjail
        self.result = Result()
        self._received = bytearray()
        self._is_ready = False

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

    def begin(self, program, arguments=(), environment=None, files=None):
        """Sends the job frame; `program` becomes main.py."""
        if not self._is_ready:
            self.ready()
        self.worker.settimeout(10)
        self.worker.sendall(frame(arguments, environment, {"main.py": program, **(files or {})}))

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
        if self._is_over():
            raise AssertionError(f"a frame after the last one: {kind} {payload[:50]!r}")
        result.order.append((kind, len(payload)))
        if kind == "1":
            result.out += payload
        elif kind == "2":
            result.err += payload
        elif kind == "A":
            result.acknowledged += int.from_bytes(payload, "big")
        elif kind == "S":
            result.line = payload.decode()
            result.status = " ".join(result.line.split()[:2])
        elif kind == "X":
            result.failure = payload.decode(errors="replace")
        else:
            raise AssertionError(f"a frame of unknown type {kind!r}")

    def close(self):
        """Closes the socket and waits for nsjail, which may take a second longer than the jail. Returns its exit code."""
        self.worker.close()
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
