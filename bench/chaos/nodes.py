"""What is broken here: a real Redis and real nodes, each a process of its own on 127.0.0.1."""

import datetime
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
LEASE_MS = 3000
DRAIN_MS = 1500
READY_S = 90
STARTS = 5
# Short times, so that a fault is over quickly; results are kept until the audit, however long the run.
SETTINGS = {
    "ONPY_QUEUE_LEASE_MS": LEASE_MS,
    "ONPY_RUNNER_BEAT_MS": 700,
    "ONPY_REDIS_TIMEOUT_MS": 1500,
    "ONPY_RUNNER_DRAIN_MS": DRAIN_MS,
    "ONPY_JOBS_RETENTION_S": 86400,
    "ONPY_CLUSTER_BUS_PORT": 0,
}
CLOCK_WRONG_S = 3600


class Broken(Exception):
    """The suite itself cannot go on: a tool is missing, or something did not start."""


class RedisSaid(Exception):
    """An error reply of Redis."""


class Resp:
    """The smallest client of Redis: one command at a time. Bulk strings are text."""

    def __init__(self, port, timeout=5):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.file = self.socket.makefile("rb")

    def __call__(self, *args):
        parts = [a if isinstance(a, bytes) else str(a).encode() for a in args]
        self.socket.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
        return self.reply()

    def reply(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("Redis closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise RedisSaid(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2].decode("utf-8", "replace")
        if kind == b"*":
            return None if rest == b"-1" else [self.reply() for _ in range(int(rest))]
        return rest.decode()

    def close(self):
        self.socket.close()


def free_port():
    """Below those that the kernel gives out, so that nobody takes it while its owner is dead."""
    while True:
        port = random.randrange(12_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Redis:
    """redis-server with an append-only file. It is started again on the same port with the same files."""

    def __init__(self, folder, appendfsync):
        self.folder, self.appendfsync = folder, appendfsync
        self.server = os.environ.get("ONPY_REDIS_SERVER") or shutil.which("redis-server")
        if not self.server:
            raise Broken("There is no redis-server. Set ONPY_REDIS_SERVER, or start this with ./onpyrunner bench chaos.")
        self.port = free_port()
        folder.mkdir()

    def start(self):
        with open(self.folder / "redis.log", "ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", self.server, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder),
                 "--appendonly", "yes", "--appendfsync", self.appendfsync, "--save", "", "--maxmemory-policy", "noeviction"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        end = time.monotonic() + 30
        while time.monotonic() < end and self.process.poll() is None:
            try:
                client = self.connect()
                client("PING")
                return client.close()
            except (OSError, RedisSaid):  # not yet listening, or still loading
                time.sleep(0.01)
        raise Broken(f"Redis did not start; its log is {self.folder / 'redis.log'}")

    def stop(self):
        process = getattr(self, "process", None)
        if process and process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def connect(self, timeout=5):
        return Resp(self.port, timeout)


class Node:
    """One node. It dies with this script, and each start has a port and a name of its own."""

    def __init__(self, label, role, folder, redis, members):
        """members: ports of nodes through which it finds all others on the event bus; none for a node without one."""
        self.label, self.role, self.redis, self.members = label, role, redis, members
        self.cluster_port = free_port()
        self.data, self.log = folder / label, folder / f"{label}.log"
        self.ready = threading.Event()
        self.process = self.port = self.name = None

    def start(self, wrong_clock_s=0):
        """Must be called by a thread that lives as long as the node: the kernel takes its end for its parent's."""
        self.wrong_clock_s = wrong_clock_s
        java = Path(os.environ["JAVA_HOME"]) / "bin" / "java" if os.environ.get("JAVA_HOME") else "java"
        environment = dict(os.environ, **{k: str(v) for k, v in SETTINGS.items()})
        if wrong_clock_s:
            # The fix is for an old glibc; with it, waits by the monotonic clock end an hour early or late.
            environment.update(FAKETIME_DONT_FAKE_MONOTONIC="1", DONT_FAKE_MONOTONIC="1", FAKETIME_FORCE_MONOTONIC_FIX="0")
            environment.update(LD_PRELOAD=faketime(), FAKETIME=f"{wrong_clock_s:+d}")
        if self.members:
            environment.update(ONPY_CLUSTER_ENABLED="true", ONPY_CLUSTER_PORT=str(self.cluster_port))
            environment.update(ONPY_CLUSTER_MEMBERS=",".join(f"127.0.0.1:{port}" for port in self.members))
        self.began = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", str(java), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx192m", "-jar",
                 str(PROJECT / "target" / "onpyrunner.jar"), "serve", "--port", "0", "--role", self.role, "--slots", "2",
                 "--redis", f"redis://127.0.0.1:{self.redis.port}", "--data", str(self.data)],
                env=environment, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        threading.Thread(target=self._listen, args=(self.process,), daemon=True).start()

    def _listen(self, process):
        line = process.stdout.readline()
        ready = re.match(r"OnPyRunner is ready: +http://[^:]+:(\d+)", line)
        if ready and process is self.process:
            self.port = int(ready[1])
            self.name = re.search(r"node (\w+) is ready", self.said())[1]
            self.ready.set()
        process.stdout.read()  # until it ends

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            log.seek(self.began)
            return log.read()

    def await_ready(self):
        """A node that finds no Redis for a while ends, and is started again, as a supervisor does."""
        tries, end = 1, time.monotonic() + READY_S
        while not self.ready.wait(0.1):
            if self.process.poll() is None and time.monotonic() < end:
                continue
            if self.process.poll() is None or tries == STARTS or "cannot be reached" not in self.said():
                raise Broken(f"node {self.label} did not start:\n{self.said()[-2000:]}")
            tries += 1
            self.start(self.wrong_clock_s)

    def is_up(self):
        return self.ready.is_set() and self.process.poll() is None

    def is_runner(self):
        return "runner" in self.role

    def signal(self, number):
        """SIGKILL and SIGTERM end it: it is no longer asked for anything."""
        if number in (signal.SIGKILL, signal.SIGTERM):
            self.ready.clear()
        self.process.send_signal(number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait()

    def clock_error_s(self):
        """How far its clock is from ours, from the first line that it wrote."""
        shown = re.search(r"^(\d\d):(\d\d):(\d\d)\.", self.said(), re.MULTILINE)
        now = datetime.datetime.now()
        seconds = (int(shown[1]) - now.hour) * 3600 + (int(shown[2]) - now.minute) * 60 + int(shown[3]) - now.second
        return (seconds + 43200) % 86400 - 43200


class Cluster:
    """Two nodes for HTTP, three runners with two slots each, one Redis; one event bus, or each node for itself."""

    def __init__(self, folder, appendfsync, has_bus=True):
        self.folder = folder
        self.redis = Redis(folder / "redis", appendfsync)
        self.members = []
        self.nodes = [Node(f"http-{n}", "http", folder, self.redis, self.members) for n in (1, 2)]
        self.nodes += [Node(f"runner-{n}", "runner", folder, self.redis, self.members) for n in (1, 2, 3)]
        if has_bus:
            self.members += [n.cluster_port for n in self.nodes]
        self.drains = 0

    def start(self):
        self.redis.start()
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            node.await_ready()

    def add(self, label, role, wrong_clock_s=0):
        """One more node, ready when this returns. remove() ends it."""
        node = Node(label, role, self.folder, self.redis, self.members)
        node.start(wrong_clock_s)
        node.await_ready()
        self.nodes = [*self.nodes, node]
        return node

    def remove(self, node):
        """Ends an added node with SIGTERM."""
        self.drain(node)
        self.nodes = [n for n in self.nodes if n is not node]

    def drain(self, node):
        """SIGTERM. Returns how long it took to end."""
        self.drains += node.is_runner()
        began = time.monotonic()
        node.signal(signal.SIGTERM)
        try:
            node.process.wait(DRAIN_MS / 1000 + 15)
        except subprocess.TimeoutExpired:
            node.kill()
            raise Broken(f"node {node.label} did not end after SIGTERM:\n{node.said()[-2000:]}") from None
        return time.monotonic() - began

    def revive(self):
        """Starts every node again that a fault has ended."""
        for node in self.nodes:
            if node.process.poll() is not None:
                node.ready.clear()
                node.start()

    def fallen(self):
        """Nodes that ended and were not ended by a fault."""
        return [n.label for n in self.nodes if n.ready.is_set() and n.process.poll() is not None]

    def up(self, role):
        return [n for n in self.nodes if role in n.role and n.is_up()]

    def runner_named(self, name):
        return next((n for n in self.nodes if n.name == name and n.is_up()), None)

    def close(self):
        for node in self.nodes:
            if node.process and node.process.poll() is None:
                node.signal(signal.SIGCONT)
                node.signal(signal.SIGTERM)
        for node in self.nodes:
            if node.process:
                try:
                    node.process.wait(20)
                except subprocess.TimeoutExpired:
                    node.kill()
        self.redis.stop()


def faketime():
    """The library that lets one process see another time; the monotonic clock is left alone, as a wrong clock leaves it."""
    library = os.environ.get("ONPY_TEST_FAKETIME", "")
    if not Path(library).is_file():
        raise Broken(
            "A wrong clock needs libfaketime. Start this with ./onpyrunner, which provides it, or set ONPY_TEST_FAKETIME to the"
            " path of libfaketimeMT.so.1 (Debian: apt-get install libfaketime)."
        )
    return library
