#!/usr/bin/env python3
"""Where the time of one hello goes, from the request to the answer, at a node of its own that has nothing else to do.

Looked at from outside, on one clock: this script's request and answer; when Redis began each of the node's scripts (MONITOR, which takes
a little itself); and the moment that the program prints as its first statement. Beside that the node's own times for its stages, read
from /metrics between the jobs. Every answer is checked. Ends by itself.
"""

import argparse
import hashlib
import json
import queue
import re
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

sys.dont_write_bytecode = True  # no __pycache__ in the checkout
sys.path.insert(0, str(Path(__file__).resolve().parent / "chaos"))

import common  # noqa: E402
from common import p50, p99  # noqa: E402
from nodes import Resp  # noqa: E402

PROGRAM = b"import time\nprint(time.time_ns())\n"
SCRIPTS = ("accept", "finish")  # it starts with its acceptance, and what it writes goes with its end
# What lies between two moments.
STEPS = {
    "receive: request sent → accept.lua begins": ("asked", "accept"),
    "accept, claim and frame: → the program's first statement": ("accept", "printed"),
    "output, program's end, shutdown, drain: → finish.lua begins": ("printed", "finish"),
    "finish and answer: → the client has it": ("finish", "answered"),
    "all": ("asked", "answered"),
}
STAGE = re.compile(r'onpyrunner_job_stage_seconds_sum\{stage="(\w+)"\} (\S+)')
OWN = {
    "received": "received: the request's last byte → in its queue", "claimed": "claimed: its slot knows of it → the program's start",
    "run": "run: its start → its end known, its output read", "ended": "ended: → the result is stored",
}  # fmt: skip


def hashes():
    """As the node makes them: common.lua stands after a script's first line."""
    folder = common.HOME / "src" / "main" / "resources" / "lua"
    shared, found = (folder / "common.lua").read_bytes(), {}
    for name in SCRIPTS:
        first, rest = (folder / f"{name}.lua").read_bytes().split(b"\n", 1)
        found[hashlib.sha1(first + b"\n" + shared + rest).hexdigest()] = name
    return found


class Monitor:
    """What Redis is told to do, and when."""

    def __init__(self, node):
        port, password = node.redis_address()
        self.redis = Resp(port, timeout=None)
        if password:
            self.redis("AUTH", password)
        self.names, self.seen = hashes(), queue.Queue()
        self.redis("MONITOR")
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        line = re.compile(rb'\+(\d+\.\d+) \[[^\]]*\] "evalsha" "(\w+)"', re.IGNORECASE)
        for said in self.redis.file:
            found = line.match(said)
            if found and (name := self.names.get(found[2].decode())):
                self.seen.put((name, float(found[1])))

    def until_finish(self):
        """When each script of the job that has just ended began."""
        found = {}
        while "finish" not in found:
            name, moment = self.seen.get(timeout=common.LATE_S)
            if name == "accept" or "accept" in found:
                found.setdefault(name, moment)
        return found


def own_times(client):
    _, _, body = client.call("GET", "/metrics")
    return {stage: float(value) for stage, value in STAGE.findall(body.decode())}


def one(client, monitor, data):
    """The moments of one job, in seconds, and the node's own stages, in milliseconds."""
    while not monitor.seen.empty():
        monitor.seen.get()
    before = own_times(client)
    asked = time.time()
    status, _, body = client.send(data)
    answered = time.time()
    job = json.loads(body)
    if status != 200 or job["outcome"] != "OK" or not re.fullmatch(r"\d{19}\n", job["stdout"]):
        raise common.Wrong(f"not what was asked for: {status} {body[:500]!r}")
    moments = {**monitor.until_finish(), "asked": asked, "answered": answered, "printed": int(job["stdout"]) / 1e9}
    after = own_times(client)
    return moments, {stage: (after[stage] - before[stage]) * 1000 for stage in OWN}


def arguments():
    parser = argparse.ArgumentParser(prog="onpyrunner bench stages", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--jobs", type=int, default=300, help="how many (default: 300)")
    parser.add_argument("--warm-up", type=int, default=1000, help="jobs before, until the JVM has compiled what is needed (default: 1000)")
    parser.add_argument("--direct", action="store_true", help="start Java itself, not ./onpyrunner serve")
    parser.add_argument("--json", metavar="FILE", help="keep all single times")
    return parser.parse_args()


def main():
    options = arguments()
    found, began = common.about(), time.perf_counter()
    with common.scratch("stages") as folder, ExitStack() as stack:
        node = common.Node(folder, "node", (), {"ONPY_QUEUE_POSTS_PER_SECOND_PER_CLIENT": "0"}, options.direct)
        stack.callback(node.close)
        hello = common.bare(folder, "hello", common.HELLO, common.HELLO_SAYS)
        warm = common.Jobs(node.url())
        for _ in range(options.warm_up):
            warm.run()
        client, monitor = stack.enter_context(common.Client(node.url())), Monitor(node)
        data = common.job_request(PROGRAM)
        rows, bare = [], []
        for _ in range(options.jobs):
            rows.append(one(client, monitor, data))
            bare.append(hello.run())
    steps = {step: [(m[to] - m[of]) * 1000 for m, _ in rows if of in m and to in m] for step, (of, to) in STEPS.items()}
    own = {stage: [times[stage] for _, times in rows] for stage in OWN}
    print(f"{found['machine']['cpu']}, {found['machine']['cores']} cores, load before {found['machine']['load_before'][0]:.1f}; bare python3: "
          f"p50 {p50(bare):.2f} ms, p99 {p99(bare):.2f} ms\n{'ms':62} |   p50    p99")  # fmt: skip
    for name, times in {**steps, **{f"the node's {OWN[stage]}": times for stage, times in own.items()}}.items():
        if times:
            print(f"{name:62} | {p50(times):5.2f} {p99(times):6.2f}")
    print(f"{options.jobs} jobs, {time.perf_counter() - began:.0f} s; every answer was right")
    common.keep(options.json, {**found, "steps_ms": steps, "stages_ms": own, "bare_ms": bare})


if __name__ == "__main__":
    common.ends_well("stages", main)
