#!/usr/bin/env python3
"""A small program from the HTTP request to its answer, through the durable queue, beside other ways to run it.

Interleaved, one after another: a bare python3 with a file; one nsjail for each program, started by hand; a node of its own; a node whose
jails get copies of a warm interpreter; a pandas program, bare and with pandas loaded ahead; and each peer whose URL is given. Then
programs a second, as many at once in each way, in rounds; there also the CPU of JVM and Redis for each job. Every answer is checked. Ends
by itself.
"""

import argparse
import json
import os
import re
import statistics
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

sys.dont_write_bytecode = True  # no __pycache__ in the checkout

import common  # noqa: E402
import peers  # noqa: E402
from common import p50, p99  # noqa: E402

BARE, HAND, NODE, ENTERED = "bare python3", "nsjail by hand", "a node", "a node, entered"
BARE_PANDAS, PANDAS = "pandas, bare", "pandas, loaded ahead"
PANDAS_EVERY = 8  # its bare start takes so much longer
WARM_UP, WARM_AT_ONCE = 4000, 4  # jobs, until the JVM has compiled most of what is needed
SEED = b"print(hash('seed'))\n"


def has_isolation():
    """Whether this build knows the setting."""
    return '"isolation"' in (common.HOME / "conf" / "onpyrunner.json").read_text(encoding="utf-8")


def is_entered(node):
    """Whether jobs get copies of one interpreter: they share what it drew at its start."""
    seen = set()
    with common.Client(node.url()) as client:
        for _ in range(4):
            status, _, body = client.send(common.job_request(SEED))
            seen.add(re.search(rb'"stdout":\s*"([^"]*)"', body)[1] if status == 200 else body)
    return len(seen) == 1


def together(threads, failures):
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


class Way:
    """One way to run one program; `make` gives a runner for one thread."""

    def __init__(self, make, node=None):
        self.make, self.node = make, node
        self.one = make()

    def warm(self, jobs):
        """Several at a time: it is quicker, and the way that rates need."""
        failures = []

        def work(runner):
            try:
                for _ in range(max(1, jobs // WARM_AT_ONCE)):
                    runner.run()
            except (common.Wrong, OSError) as error:
                failures.append(error)

        together([threading.Thread(target=work, args=(self.make(),)) for _ in range(WARM_AT_ONCE)], failures)


def nodes(stack, folder, options, found):
    """The ways over HTTP; what is not there is told in `found`."""

    def node(name, environment=None):
        made = common.Node(folder, name, (), {"ONPY_QUEUE_POSTS_PER_SECOND_PER_CLIENT": "0", **(environment or {})}, options.direct)
        stack.callback(made.close)
        return made

    started = {NODE: node("fresh", {"ONPY_RUNNER_ISOLATION": "fresh"} if has_isolation() else None)}
    if options.fresh_only:
        found["missing"][ENTERED] = found["missing"][PANDAS] = "--fresh-only"
    elif has_isolation():
        started[ENTERED] = node("entered", {"ONPY_RUNNER_ISOLATION": "entered"})
        if options.packages:
            runtime = folder / "runtimes" / "pandas"
            runtime.mkdir(parents=True)
            (runtime / "runtime.json").write_text(json.dumps({"packages": str(options.packages.resolve()), "preload": ["pandas"]}))
            names = {"ONPY_RUNNER_RUNTIMES": runtime.name, "ONPY_JOBS_RUNTIME": runtime.name}
            started[PANDAS] = node("pandas", {"ONPY_RUNNER_RUNTIMES_DIR": str(runtime.parent), **names})
    else:
        found["missing"][ENTERED] = found["missing"][PANDAS] = "this build has no setting runner.isolation"
    if not (options.packages or options.fresh_only):
        found["missing"][PANDAS] = "no folder with pandas was given (--packages)"
    ways = {}
    for name, made in started.items():
        program = (common.PANDAS, common.PANDAS_SAYS) if name == PANDAS else (common.HELLO, common.HELLO_SAYS)
        way = Way(lambda made=made, program=program: common.Jobs(made.url(), *program), made)
        if name == NODE or is_entered(made):
            ways[name] = way
        else:
            found["missing"][name] = "its jails are fresh: the node's log says why"
    return ways


def one_after_another(ways, jobs, seconds):
    """Milliseconds of each run of each way."""
    end = time.perf_counter() + seconds
    times = {name: [] for name in ways}
    for number in range(jobs):
        if number and time.perf_counter() > end:
            break
        names = [name for name in ways if number % PANDAS_EVERY == 0 or name not in (BARE_PANDAS, PANDAS)]
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            times[name].append(ways[name].one.run())
    return times


def all_at_once(way, count, seconds):
    """Programs a second, and the CPU that JVM and Redis took for each."""
    runners, counts, failures = [way.make() for _ in range(count)], [], []
    began, cpu = time.perf_counter(), way.node and way.node.cpu_ms()

    def work(runner):
        count = 0
        try:
            while time.perf_counter() < began + seconds:
                runner.run()
                count += 1
        except (common.Wrong, OSError) as error:
            failures.append(error)
        counts.append(count)

    together([threading.Thread(target=work, args=(runner,)) for runner in runners], failures)
    found = {"jobs": sum(counts), "jobs_per_s": sum(counts) / (time.perf_counter() - began)}
    if cpu:
        found["cpu_ms_per_job"] = {part: (used - cpu[part]) / sum(counts) for part, used in way.node.cpu_ms().items()}
    return found


def base(name):
    return BARE_PANDAS if name in (BARE_PANDAS, PANDAS) else BARE


def figures(times, rates):
    """Of each way: medians and p99 with their intervals, and both by those of bare."""
    found = {}
    for name, own in times.items():
        of = times[base(name)]
        found[name] = {
            "p50": common.with_interval(own, p50), "p99": common.with_interval(own, p99),
            "p50_by_bare_p50": common.ratio(own, p50, of, p50), "p99_by_bare_p50": common.ratio(own, p99, of, p50),
            "rates": {count: rate_figures(rows[name], rows[base(name)]) for count, rows in rates.items()},
        }  # fmt: skip
    return found


def rate_figures(rows, bare):
    """The rounds stand next to each other, so their ratios say more than their rates."""
    by_bare = [own["jobs_per_s"] / of["jobs_per_s"] for own, of in zip(rows, bare)]
    found = {
        "jobs_per_s": statistics.median(row["jobs_per_s"] for row in rows),
        "by_bare": {"value": statistics.median(by_bare), "low": min(by_bare), "high": max(by_bare)},
    }
    if "cpu_ms_per_job" in rows[0]:
        cpu = {part: statistics.median(row["cpu_ms_per_job"][part] for row in rows) for part in rows[0]["cpu_ms_per_job"]}
        found["cpu_ms_per_job"] = {**cpu, "together": statistics.median(sum(row["cpu_ms_per_job"].values()) for row in rows)}
    return found


def table(found, rates):
    last = list(rates)[-1]
    lines = [
        f"{'':20} | {'from request to answer, ms':^44} | {f'{last} at once, jobs/s':^24} | CPU a job, ms",
        f"{'':20} | {'p50':>6} {'p99':>7} {'p50 x bare (95 %)':>20} {'p99':>7} | {'':6} {'x bare (rounds)':>17} | JVM + Redis",
    ]
    for name, way in found.items():
        x, rate = way["p50_by_bare_p50"], way["rates"][last]
        by = rate["by_bare"]
        cpu = rate.get("cpu_ms_per_job")
        lines.append(
            f"{name:20} | {way['p50']['value']:6.2f} {way['p99']['value']:7.2f}  {x['value']:5.2f} ({x['low']:5.2f} {x['high']:5.2f})"
            f" {way['p99_by_bare_p50']['value']:7.2f} | {rate['jobs_per_s']:6.0f} {by['value']:5.2f} ({by['low']:.2f} {by['high']:.2f})"
            + (f" | {cpu['jvm']:.2f} + {cpu['redis']:.2f}" if cpu else " |")
        )
    return "\n".join(lines)


def packages(text):
    if not (Path(text) / "pandas").is_dir():
        raise ValueError("no pandas in it")
    return Path(text).resolve()


def arguments():
    parser = argparse.ArgumentParser(prog="onpyrunner bench run", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--jobs", type=int, default=400, help="how many of each way, one after another (default: 400)")
    parser.add_argument("--seconds", type=float, default=60, help="but no longer than so (default: 60)")
    parser.add_argument("--warm-up", type=int, default=WARM_UP, help=f"jobs of each node before (default: {WARM_UP})")
    parser.add_argument("--rounds", type=int, default=5, help="of jobs a second (default: 5)")
    parser.add_argument("--round-s", type=float, default=2, help="how long each way has in a round (default: 2)")
    parser.add_argument(
        "--peer", type=peers.named, action="append", default=[], metavar="NAME=URL", help=f"NAME is one of {', '.join(peers.PEERS)}"
    )
    parser.add_argument(
        "--packages", type=packages, default=None, metavar="DIR", help="a folder with pandas (pip install --target DIR pandas)"
    )
    parser.add_argument("--fresh-only", action="store_true", help="only the node whose jails start their own interpreter")
    parser.add_argument("--direct", action="store_true", help="start Java itself, not ./onpyrunner serve")
    parser.add_argument("--json", metavar="FILE", help="keep all single times")
    return parser.parse_args()


def main():
    options = arguments()
    found = {**common.about(), "missing": {}}
    nsjail, cores = common.find_nsjail(), len(os.sched_getaffinity(0))
    if not nsjail:
        raise common.Wrong("no nsjail: start this as ./onpyrunner bench run")
    began = time.perf_counter()
    with common.scratch("run") as folder, ExitStack() as stack:
        hello = common.bare(folder, "hello", common.HELLO, common.HELLO_SAYS)
        hand = common.by_hand(folder, nsjail)
        ways = {BARE: Way(lambda: hello), HAND: Way(lambda: hand)}
        if options.packages:
            pandas = common.bare(folder, "frame", common.PANDAS, common.PANDAS_SAYS, options.packages)
            ways[BARE_PANDAS] = Way(lambda: pandas)
        for name, url in options.peer:
            ways[name] = Way(lambda name=name, url=url: peers.Peer(name, url))
        for way in ways.values():
            way.one.run()
        for name, way in nodes(stack, folder, options, found).items():
            way.warm(options.warm_up)
            ways[name] = way
        times = one_after_another(ways, options.jobs, options.seconds)
        rates = {str(count): {name: [] for name in ways} for count in (cores, 2 * cores)}
        for _ in range(options.rounds):
            for count, rows in rates.items():
                for name, way in ways.items():
                    rows[name].append(all_at_once(way, int(count), options.round_s))
    found |= {"times_ms": times, "rates": rates, "figures": figures(times, rates)}
    machine = found["machine"]
    print(f"{machine['cpu']}, {cores} cores, {len(times[BARE])} of each way, {time.perf_counter() - began:.0f} s; every answer was right")
    print(table(found["figures"], rates))
    for name, why in found["missing"].items():
        print(f"{name}: not measured: {why}")
    common.keep(options.json, found)


if __name__ == "__main__":
    common.ends_well("run", main)
