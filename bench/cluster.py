#!/usr/bin/env python3
"""What more nodes bring, and what going across nodes costs.

Real processes on 127.0.0.1. First three systems in turns: one node that does everything; a node that takes requests and one that runs
programs, with an event bus between them; the same two without one, so that each learns from Redis alone what happens at the other.
Then jobs that only sleep, on 1, 2 and 4 nodes that run programs: how many a second, beside what their slots allow. Ends by itself.
"""

import argparse
import http.client
import json
import os
import platform
import signal
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True  # no __pycache__ in the checkout
sys.path.insert(0, str(HERE / "chaos"))

import live  # noqa: E402
from nodes import Broken, Redis, free_port  # noqa: E402

GAP = 0.05  # seconds between lines: longer than a batch of output
SLEEP_S = 1
WITHOUT = "two, without"


def call(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=live.LATE_S)
    try:
        connection.request(method, path, body and json.dumps(body), {"Content-Type": "application/json"} if body else {})
        response = connection.getresponse()
        data = json.loads(response.read())
        if response.status >= 300:
            raise live.Wrong(f"{method} {path}: {data}")
        return data
    finally:
        connection.close()


class System:
    """Nodes with a Redis of their own."""

    def __init__(self, stack, folder, name, has_bus):
        self.stack, self.folder, self.name, self.has_bus = stack, folder / name, name, has_bus
        self.folder.mkdir()
        self.redis = Redis(self.folder / "redis", "everysec")
        self.redis.start()
        stack.callback(self.redis.stop)
        self.members = []

    def node(self, role, slots=2, interactive=2):
        port = free_port()
        self.members.append(f"127.0.0.1:{port}")
        environment = {"ONPY_RUNNER_INTERACTIVE_SLOTS": str(interactive), "ONPY_HTTP_MAX_WAITING": "100000"}
        if self.has_bus:
            environment |= {"ONPY_CLUSTER_ENABLED": "true", "ONPY_CLUSTER_PORT": str(port), "ONPY_CLUSTER_BUS_PORT": "0"}
            environment |= {"ONPY_CLUSTER_MEMBERS": ",".join(self.members)}
        arguments = ["--role", role, "--slots", str(slots), "--redis", f"redis://127.0.0.1:{self.redis.port}"]
        made = live.Node(self.folder, f"{role}-{len(self.members)}", arguments, environment)
        self.stack.callback(made.close)
        return made


def hello(node):
    """Milliseconds from a request to the answer that has the program's output."""
    began = time.perf_counter()
    job = call(node.port, "POST", "/v1/jobs?wait=20", {"source": "print('hello')"})
    if job["status"] != "DONE" or job["stdout"] != "hello\n":
        raise live.Wrong(f"not what was asked for: {job}")
    return (time.perf_counter() - began) * 1000


def line(node, lines):
    """Milliseconds from print to the viewer, of each line."""
    return live.measure(live.Job(node, lines, GAP), 1, lines)


def across(systems, warm_up, rounds, jobs, lines):
    """Both times of each system, in turns; the first rounds warm them up."""
    hellos, seen = {s: [] for s in systems}, {s: [] for s in systems}
    for turn in range(warm_up + rounds):
        for name, node in systems.items():
            few = jobs if name != WITHOUT else max(1, jobs // 10)  # each of them takes a second
            times, ages = [hello(node) for _ in range(few)], line(node, lines)
            if turn >= warm_up:
                hellos[name] += times
                seen[name] += ages
    return hellos, seen


def rate(node, slots, each):
    """Sleeping jobs a second, while there are always more of them than slots."""
    ids = [call(node.port, "POST", "/v1/jobs", {"source": f"import time; time.sleep({SLEEP_S})"})["id"] for _ in range(slots * each)]
    jobs = []
    for job in ids:
        while (found := call(node.port, "GET", f"/v1/jobs/{job}?wait=20"))["status"] in ("QUEUED", "RUNNING"):
            pass
        if found["outcome"] != "OK" or found["starts"] != 1:
            raise live.Wrong(f"a job did not end well: {found}")
        jobs.append(found)
    first = min(moment(j["started_at"]) for j in jobs)
    last = max(moment(j["finished_at"]) for j in jobs)
    return len(jobs) / (last - first)


def moment(text):
    day, clock = text.rstrip("Z").split("T")
    hours, minutes, seconds = clock.split(":")
    return (int(day[-2:]) * 24 + int(hours)) * 3600 + int(minutes) * 60 + float(seconds)  # a run does not cross a month's end


def arguments():
    parser = argparse.ArgumentParser(prog="onpyrunner bench cluster", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=8, help="turns of each system (default: 8)")
    parser.add_argument("--warm-up", type=int, default=2, help="turns before those (default: 2)")
    parser.add_argument("--jobs", type=int, default=20, help="hello jobs in each turn (default: 20)")
    parser.add_argument("--lines", type=int, default=30, help="printed lines in each turn (default: 30)")
    parser.add_argument("--runners", default="1,2,4", help="how many nodes run sleeping jobs (default: 1,2,4)")
    parser.add_argument("--slots", type=int, default=6, help="slots of each of them (default: 6)")
    parser.add_argument("--json", metavar="FILE", help="keep all figures")
    args = parser.parse_args()
    args.runners = [int(r) for r in args.runners.split(",")]
    return args


def main():
    args = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # its nodes end with it
    began = time.monotonic()
    print(f"{os.cpu_count()} cores, {platform.platform()}", flush=True)
    figures = {"cores": os.cpu_count(), "machine": platform.platform(), "slots": args.slots, "rates": {}}
    with tempfile.TemporaryDirectory(prefix="onpyrunner-cluster-") as folder:
        with ExitStack() as stack:
            alone, bus, log = (System(stack, Path(folder), name, name == "bus") for name in ("alone", "bus", "log"))
            systems = {"one node": alone.node("http,runner")}
            for name, system in (("two, with a bus", bus), (WITHOUT, log)):
                systems[name] = system.node("http")
                system.node("runner")
            hellos, lines = across(systems, args.warm_up, args.rounds, args.jobs, args.lines)
        print(f"{'':16} |  hello and its answer, ms |  print to viewer, ms\n{'':16} |   p50     p99     × p50  |   p50     p99")
        first = statistics.median(hellos["one node"])
        for name in systems:
            half = statistics.median(hellos[name])
            print(f"{name:16} | {half:6.1f}  {live.at(hellos[name], 0.99):6.1f}  {half / first:8.2f}  "
                  f"| {statistics.median(lines[name]):6.1f}  {live.at(lines[name], 0.99):6.1f}", flush=True)  # fmt: skip
        figures |= {"hello_ms": hellos, "line_ms": lines}
        with ExitStack() as stack:
            system = System(stack, Path(folder), "sleepers", True)
            node = system.node("http")
            print(f"\n  nodes of {args.slots} slots | sleeping jobs a second | of what the slots allow | × the first")
            running = 0
            for runners in args.runners:
                while running < runners:
                    system.node("runner", args.slots, 0)
                    running += 1
                found = rate(node, args.slots * runners, 5)
                figures["rates"][runners] = found
                share, times = found * SLEEP_S / (args.slots * runners), found / figures["rates"][args.runners[0]]
                print(f"{runners:17}  | {found:22.1f} | {share:23.2f} | {times:6.2f}", flush=True)
    print(f"{time.monotonic() - began:.0f} s; every job ended well, every viewer got every line once, in order")
    if args.json:
        Path(args.json).write_text(json.dumps(figures), encoding="utf-8")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (live.Wrong, Broken, OSError) as e:
        print(f"cluster: {e}", file=sys.stderr)
        sys.exit(1)
