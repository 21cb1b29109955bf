#!/usr/bin/env python3
"""How long a node takes from the command to ready, and its first job beside those that follow.

Starts `./onpyrunner serve` several times in a built tree, each time with an empty data folder. "Ready" is the line that the command
prints then. After it one hello over HTTP, on a connection made before, and then more of them. Every answer is checked. Ends by itself.
"""

import argparse
import sys
import time

sys.dont_write_bytecode = True  # no __pycache__ in the checkout

import common  # noqa: E402
from common import p50  # noqa: E402


def once(folder, number, options):
    node = common.Node(folder, f"boot-{number}", (), {"ONPY_QUEUE_POSTS_PER_SECOND_PER_CLIENT": "0"}, options.direct)
    try:
        one = common.Jobs(node.url())
        one.client.call("GET", "/v1/queue")  # connects
        times = [one.run() for _ in range(1 + options.warm_up + options.jobs)]
        return {
            "ready_s": node.ready_s,
            "first_ms": times[0],
            "warming_ms": times[1 : options.warm_up + 1],
            "then_ms": times[options.warm_up + 1 :],
        }
    finally:
        node.close()


def arguments():
    parser = argparse.ArgumentParser(prog="onpyrunner bench boot", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--starts", type=int, default=7, help="how often (default: 7)")
    parser.add_argument("--warm-up", type=int, default=100, help="jobs after the first one, until the JVM is warm (default: 100)")
    parser.add_argument("--jobs", type=int, default=100, help="jobs after those, for the median (default: 100)")
    parser.add_argument("--direct", action="store_true", help="start Java itself, not ./onpyrunner serve")
    parser.add_argument("--json", metavar="FILE", help="keep all figures")
    return parser.parse_args()


def main():
    options = arguments()
    found, began = common.about(), time.perf_counter()
    with common.scratch("boot") as folder:
        starts = [once(folder, number, options) for number in range(options.starts)]
    ready, first = [s["ready_s"] for s in starts], [s["first_ms"] for s in starts]
    by = [s["first_ms"] / p50(s["then_ms"]) for s in starts]
    print(f"ready after {p50(ready):.2f} s (least {min(ready):.2f}, most {max(ready):.2f}); first job {p50(first):.1f} ms (most {max(first):.1f}), "
          f"{p50(by):.1f} × the median of later ones, {p50([t for s in starts for t in s['then_ms']]):.1f} ms")  # fmt: skip
    print(f"{options.starts} starts, {time.perf_counter() - began:.0f} s; every answer was right")
    common.keep(options.json, {**found, "starts": starts, "first_by_p50": by})


if __name__ == "__main__":
    common.ends_well("boot", main)
