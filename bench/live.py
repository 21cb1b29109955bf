#!/usr/bin/env python3
"""How long a line takes from print to its viewers, and what a viewer costs that only waits.

Starts a node of its own. A program prints the time now and then; each of 1, 100, 2,000 viewers reads it over a WebSocket, and notes how
old it is. Before that, with as many viewers, the bare way: the same program under a plain python3, its pipe read by a loop that writes each
line to plain TCP sockets. The clients are the same and share the machine, so the difference is the node's: jail, Redis, event bus, WebSocket.
Every viewer must get every line once and in order. Ends by itself, with exit code 1 if a line is missing.
"""

import argparse
import datetime
import json
import os
import platform
import re
import resource
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True  # no __pycache__ in the checkout

from common import LATE_S, Node, Wrong, at  # noqa: E402

STAMP = re.compile(rb"<(\d+)>")
PROGRAM = """import sys, time
input()
for i in range({lines}):
    time.sleep({gap})
    print('<%d>' % time.monotonic_ns(), flush=True)
"""


class Viewers:
    """Many sockets that are read in one loop."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.seen = []  # for each viewer: the stamps in order
        self.ages = []

    def add(self, sock, rest=b""):
        sock.setblocking(False)
        self.seen.append([])
        self.selector.register(sock, selectors.EVENT_READ, [len(self.seen) - 1, rest])

    def read_until(self, done):
        """Reads what comes until done() or all is silent for too long."""
        while not done():
            ready = self.selector.select(LATE_S)
            if not ready:
                raise Wrong(f"nothing came for {LATE_S} s")
            for key, _ in ready:
                try:
                    got = key.fileobj.recv(1 << 16)
                except OSError as e:
                    raise Wrong(f"a viewer was cut off: {e}") from e
                now = time.monotonic_ns()
                if not got:
                    self.selector.unregister(key.fileobj)
                    if not self.selector.get_map():
                        return
                number, rest = key.data
                data = rest + got
                end = 0
                for stamp in STAMP.finditer(data):
                    printed = int(stamp[1])
                    self.seen[number].append(printed)
                    self.ages.append((now - printed) / 1e6)
                    end = stamp.end()
                key.data[1] = data[end:][-64:]  # a stamp may come in two halves

    def read_lines(self, lines):
        self.read_until(lambda: len(self.ages) >= lines * len(self.seen))
        first = self.seen[0]
        if len(first) != lines or first != sorted(set(first)) or any(s != first for s in self.seen):
            raise Wrong(f"{sum(s != first for s in self.seen)} of {len(self.seen)} viewers did not get each of {lines} lines once, in order")
        return self.ages

    def close(self):
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()


class Bare:
    """A process of its own that runs the program and writes its lines to all who are connected."""

    def __init__(self, lines, gap):
        command = [sys.executable, __file__, "--bare", PROGRAM.format(lines=lines, gap=gap)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def view(self, viewers, count):
        for _ in range(count):
            viewers.add(socket.create_connection(("127.0.0.1", self.port), LATE_S))

    def go(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def close(self):
        self.process.stdin.close()
        self.process.wait()

    @staticmethod
    def serve(source):
        """The other side of it: accepts until it is told to go."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        print(listener.getsockname()[1], flush=True)
        selector, clients = selectors.DefaultSelector(), []
        selector.register(listener, selectors.EVENT_READ)
        selector.register(sys.stdin, selectors.EVENT_READ)
        while True:
            ready = [key.fileobj for key, _ in selector.select()]
            if listener in ready:
                clients.append(listener.accept()[0])
            elif not sys.stdin.readline():
                return
            else:
                break
        with subprocess.Popen([sys.executable, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as program:
            program.stdin.write(b"go\n")
            while line := program.stdout.readline():
                for client in clients:
                    client.sendall(line)


class Job:
    """One interactive job of the node: it waits for a line before it prints."""

    def __init__(self, node, lines, gap):
        self.node = node
        body = {"source": PROGRAM.format(lines=lines, gap=gap), "interactive": True, "limits": {"wall_ms": 60_000}}
        self.id = json.loads(node.post("/v1/jobs", json.dumps(body).encode()))["id"]

    def view(self, viewers, count):
        ask = (
            f"GET /v1/jobs/{self.id}/console HTTP/1.1\r\nHost: 127.0.0.1:{self.node.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: onpyrunner.v1\r\n\r\n"
        )
        for _ in range(count):
            sock = socket.create_connection(("127.0.0.1", self.node.port), LATE_S)
            sock.sendall(ask.encode())
            got = b""
            while b'"need_input"' not in got:  # it has seen all that was; the program waits
                more = sock.recv(1 << 16)
                if not more:
                    raise Wrong(f"no console: {got!r}")
                got += more
            viewers.add(sock)

    def go(self):
        self.node.post(f"/v1/jobs/{self.id}/stdin?eof=true", b"go\n")

    def close(self):
        pass  # it ends by itself


def measure(source, viewers_wanted, lines, when_idle=lambda: None):
    viewers = Viewers()
    try:
        source.view(viewers, viewers_wanted)
        when_idle()
        source.go()
        return viewers.read_lines(lines)
    finally:
        viewers.close()
        source.close()


def arguments():
    parser = argparse.ArgumentParser(prog="onpyrunner bench live", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--viewers", default="1,100,2000", help="how many at a time, with ',' between (default: 1,100,2000)")
    parser.add_argument("--lines", type=int, default=200, help="printed at most for each (default: 200; fewer for many viewers)")
    parser.add_argument("--json", metavar="FILE", help="keep all figures")
    parser.add_argument("--bare", metavar="SOURCE", help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.viewers = [int(v) for v in args.viewers.split(",")]
    return args


def main():
    args = arguments()
    if args.bare:
        return Bare.serve(args.bare)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # its folder is removed, the node ends
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    began, figures = time.monotonic(), []
    with tempfile.TemporaryDirectory(prefix="onpyrunner-live-") as folder:
        node = Node(Path(folder))
        try:
            measure(Job(node, min(args.lines, 100), 0.01), 20, min(args.lines, 100))  # until the JVM has compiled what is needed
            print(f"{os.cpu_count()} cores, {platform.platform()}\n{'':8} |    print to viewer, ms   | bare: pipe and TCP, ms   | heap for each")
            print(" viewers |   p50     p99    worst   |   p50     p99    worst   | idle viewer")
            for count in args.viewers:
                # A viewer in this script's one thread takes about 0.1 ms; the next line comes when all have read this one.
                gap = max(0.05, count * 0.0003)
                lines = max(10, min(args.lines, int(10 / gap)))
                bare = measure(Bare(lines, gap), count, lines)
                heap = [node.heap()]
                live = measure(Job(node, lines, gap), count, lines, lambda heap=heap: heap.append(node.heap()))
                each = (heap[1] - heap[0]) / count
                figures.append({"viewers": count, "lines": lines, "live_ms": live, "bare_ms": bare, "heap_bytes_per_viewer": each})
                columns = " | ".join(f"{at(a, 0.5):5.2f} {at(a, 0.99):8.2f} {max(a):8.2f} " for a in (live, bare))
                # Of few viewers the noise of the heap would be all that one sees.
                print(f"{count:8,} | {columns} | {f'{each / 1024:5.1f} KiB' if count >= 100 else '    -'}", flush=True)
        finally:
            node.close()
    print(f"{time.monotonic() - began:.0f} s; every viewer got every line once, in order")
    if args.json:
        about = {"machine": platform.platform(), "cores": os.cpu_count(), "date": datetime.datetime.now(datetime.timezone.utc).isoformat()}
        Path(args.json).write_text(json.dumps({**about, "runs": figures}), encoding="utf-8")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Wrong as e:
        print(f"live: {e}", file=sys.stderr)
        sys.exit(1)
