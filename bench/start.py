#!/usr/bin/env python3
"""How long a program takes to start and to end in a jail, beside a bare python3. The jail only: no server, no Redis.

Three ways, interleaved job by job, because the machine's mood changes:
  bare      a plain python3
  cold      a jail made for the job, with an nsjail of its own
  waiting   a jail made ahead in a slot, its interpreter up
The clock starts when the process is started (bare, cold) or the job is sent (waiting). Then jobs a second with all cores busy, in rounds;
there "waiting" counts the making of its jails too, with as many made ahead as run, and this script's own work is in all three.
"""

import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True  # no __pycache__ in the checkout
sys.path.insert(0, str(HERE.parent / "nsjail"))

from common import Wrong, find_nsjail, machine, p99, versions  # noqa: E402
from jail import INTERPRETER, JailFailed, Room, Slot  # noqa: E402

PROGRAM, OUTPUT = b"print('hello')\n", b"hello\n"
WAYS = {"bare": "bare python3", "cold": "jail, cold", "waiting": "jail, waiting"}
JOBS, JOBS_S = 200, 30  # of each way, or as many as fit into this time
ROUNDS = 4
ROUND_S = 1.5


def since(start):
    return (time.perf_counter() - start) * 1000


class Bare:
    def __init__(self, folder):
        self.folder = folder
        (folder / "main.py").write_bytes(PROGRAM)

    def run(self):
        """Times in milliseconds: first byte, end."""
        start = time.perf_counter()
        command = [INTERPRETER, "main.py"]
        with subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as bare:
            said = os.read(bare.stdout.fileno(), 1)
            first = since(start)
            said += bare.stdout.read()
            code = bare.wait()
            end = since(start)
        if (said, code) != (OUTPUT, 0):
            raise Wrong(f"bare: {said!r}, {code}")
        return {"first": first, "end": end}


class Jail:
    """Jails of one room (cold) or one slot (waiting)."""

    def __init__(self, maker):
        self.maker = maker
        self.is_slot = isinstance(maker, Slot)

    def run(self, turn=None):
        """Times in milliseconds: first byte, end, and, of a waiting jail, how long it was made before."""
        start = time.perf_counter()
        job = self.maker.start()
        try:
            times = {}
            if self.is_slot:
                job.ready()
                times["made"] = since(start)
            with turn or ExitStack():
                if self.is_slot:
                    start = time.perf_counter()
                job.begin(PROGRAM)
                job.finish(until=lambda result: result.out)
                times["first"] = since(start)
                result = job.finish(None)
                times["end"] = since(start)
        finally:
            job.close()
        if (result.out, result.status) != (OUTPUT, "E 0"):
            raise Wrong(repr(result))
        return times


def one_after_another(runners, jobs, seconds):
    """The times of each way, in lists."""
    end = time.perf_counter() + seconds
    times = {way: [] for way in WAYS}
    ways = list(WAYS)
    for way in ways:
        runners[way][0].run()  # files into the cache
    for number in range(jobs):
        if number and time.perf_counter() > end:
            break
        for way in ways[number % 3 :] + ways[: number % 3]:
            times[way].append(runners[way][0].run())
    return {way: {name: [t[name] for t in rows] for name in rows[0]} for way, rows in times.items()}


def all_at_once(runners, cores):
    """Jobs a second of one way, for a while. At most `cores` programs run at a time."""
    turns = threading.BoundedSemaphore(cores)
    end = time.perf_counter() + ROUND_S
    counts, failures = [], []

    def work(runner):
        count = 0
        try:
            while time.perf_counter() < end:
                runner.run(turns) if isinstance(runner, Jail) and runner.is_slot else runner.run()
                count += time.perf_counter() < end
        except Exception as error:
            failures.append(error)
        counts.append(count)

    threads = [threading.Thread(target=work, args=(runner,)) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return sum(counts) / ROUND_S


def table(times, rates):
    bare = {name: statistics.median(times["bare"][name]) for name in ("first", "end")}
    bare_rate = statistics.median(rates["bare"])
    lines = [
        f"{'':14} | {'first byte, ms':^22} | {'end, ms':^22} | {'jobs/s, all cores':^17}",
        f"{'':14} | {'p50':>6} {'p99':>6} {'x bare':>8} | {'p50':>6} {'p99':>6} {'x bare':>8} | {'p50':>8} {'x bare':>8}",
    ]
    for way, name in WAYS.items():
        cells = []
        for column in ("first", "end"):
            median = statistics.median(times[way][column])
            cells.append(f"{median:6.1f} {p99(times[way][column]):6.1f} {median / bare[column]:8.2f}")
        rate = statistics.median(rates[way])
        lines.append(f"{name:14} | {cells[0]} | {cells[1]} | {rate:8.0f} {rate / bare_rate:8.2f}")
    made = times["waiting"]["made"]
    lines.append(f"A waiting jail was made in {statistics.median(made):.1f} ms (p99 {p99(made):.1f}), before its job came.")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nsjail", default=find_nsjail(), help="the nsjail program (default: ONPY_RUNNER_NSJAIL, or the one in .onpyrunner)")
    parser.add_argument("--jobs", type=int, help=f"how many of each way for the times (default {JOBS}, or what fits into {JOBS_S} s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep all single times there, with machine, versions and date")
    options = parser.parse_args()
    if not options.nsjail:
        parser.error("--nsjail is missing, and none was found")
    if options.jobs is not None and options.jobs < 1:
        parser.error("--jobs must be at least 1")
    facts = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": versions(options.nsjail),
        "round_s": ROUND_S,
    }
    cores = facts["machine"]["cores"]
    began = time.perf_counter()
    with ExitStack() as stack:
        rooms = [stack.enter_context(Room(options.nsjail, uid=210000 + n if os.getuid() == 0 else None)) for n in range(3 * cores)]
        runners = {
            "bare": [Bare(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="onpy-")))) for _ in range(cores)],
            "cold": [Jail(room) for room in rooms[:cores]],
            "waiting": [Jail(stack.enter_context(Slot(room))) for room in rooms[cores:]],
        }
        times = one_after_another(runners, options.jobs or JOBS, float("inf") if options.jobs else JOBS_S)
        rates = {way: [] for way in WAYS}
        for _ in range(ROUNDS):
            for way in WAYS:
                rates[way].append(all_at_once(runners[way], cores))
    about = (facts["machine"]["cpu"], f"{cores} cores", f"Linux {facts['machine']['kernel']}", f"{len(times['bare']['end'])} jobs of each way")
    print(*about, f"{time.perf_counter() - began:.0f} s", sep=", ")
    print(table(times, rates))
    if options.json:
        options.json.write_text(json.dumps({**facts, "times_ms": times, "jobs_per_s": rates}, indent=1) + "\n")


if __name__ == "__main__":
    try:
        main()
    except (JailFailed, Wrong) as error:
        sys.exit(f"start.py: {error}")
