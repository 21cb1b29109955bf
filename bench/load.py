#!/usr/bin/env python3
"""How a node of its own stands load: hello over HTTP, through the durable queue.

Closed loop: so many clients that each ask again when they have their answer, beside as many bare python3 at once, in turns. Open loop:
requests come at random moments, at 50, 80 and 120 % of the most that the closed loop reached, whether or not the node keeps up; a
request's time counts from when it was due. The queue is short here, so that too much is refused: with 429 or 503, and always Retry-After.
Fairness: one greedy client with many connections beside modest ones with one each, told apart by their addresses (127.0.0.2 and
following). Every accepted job must end well. Ends by itself.
"""

import argparse
import os
import random
import statistics
import sys
import threading
import time
from contextlib import ExitStack

sys.dont_write_bytecode = True  # no __pycache__ in the checkout

import common  # noqa: E402
from common import at  # noqa: E402

PARTS = (0.5, 0.9, 0.99, 0.999)
SHARES = (0.5, 0.8, 1.2)
OWNERS = 8  # addresses of the open loop
GREEDY, MODEST = 24, 4  # connections of the one; clients beside it
TOO_MANY = 2000  # open connections: the machine's, not the node's limit


def bare_rate(command, at_once, seconds):
    """Programs a second, so many at once, and how long each took."""
    times, failures, began = [], [], time.perf_counter()

    def work():
        try:
            while time.perf_counter() < began + seconds:
                times.append(command.run())
        except (common.Wrong, OSError) as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return {"jobs_per_s": len(times) / (time.perf_counter() - began), "times_ms": times}


def closed(port, clients, seconds):
    """`clients` says how many connections each address has; what each of them got."""
    with common.Crowd(port) as crowd:
        began = time.perf_counter()
        for source, connections in clients.items():
            for _ in range(connections):
                crowd.ask(source, time.perf_counter())
        while (now := time.perf_counter()) < began + seconds:
            for asked in crowd.answers(began + seconds - now):
                if asked.status != 200:
                    raise common.Wrong(f"refused with {asked.status} in a closed loop that the queue can hold")
                crowd.ask(asked.source, time.perf_counter())
        took, in_time = time.perf_counter() - began, list(crowd.done)
        crowd.finish()  # those that wait longest are among the last
        done = crowd.done
    return {
        "jobs_per_s": len(in_time) / took,
        "rates_per_s": {source: sum(a.source == source for a in in_time) / took for source in clients},
        "times_ms": {source: [a.took_ms for a in done if a.source == source] for source in clients},
    }


def opened(port, rate, seconds, dice):
    """Requests at random moments, `rate` of them a second, from several addresses in turn."""
    with common.Crowd(port) as crowd:
        began = due = time.perf_counter()
        sent = 0
        while due < began + seconds:
            while (now := time.perf_counter()) < due:
                crowd.answers(due - now)
            if crowd.under_way() > TOO_MANY:
                raise common.Wrong(f"{TOO_MANY} requests are under way")
            crowd.ask(f"127.0.0.{2 + sent % OWNERS}", due)
            sent += 1
            due += dice.expovariate(rate)
        in_time = time.perf_counter() - began
        good_in_time = sum(a.status == 200 for a in crowd.done)
        crowd.finish()
        refused = {}
        for asked in crowd.done:
            if asked.status != 200:
                refused[str(asked.status)] = refused.get(str(asked.status), 0) + 1
        return {
            "offered_per_s": rate, "sent": sent, "seconds": in_time, "goodput_per_s": good_in_time / in_time, "refused": refused,
            "times_ms": [a.took_ms for a in crowd.done if a.status == 200],
            "refused_ms": [a.took_ms for a in crowd.done if a.status != 200],
            "retry_after_s": sorted({a.retry_after for a in crowd.done if a.status != 200}),
        }  # fmt: skip


def fairness(port, seconds):
    """Jobs a second of each client. Jain's index is of the modest ones' rates: 1 when they are equal."""
    clients = {"127.0.0.2": GREEDY} | {f"127.0.0.{3 + n}": 1 for n in range(MODEST)}
    rates = []
    while not any(rates):  # on a busy machine none may have ended in a short time
        found = closed(port, clients, seconds)
        rates = list(found["rates_per_s"].values())
        seconds *= 2
    modest = rates[1:]
    return {
        "greedy_connections": GREEDY, "rates_per_s": rates, "times_ms": list(found["times_ms"].values()),
        "jain_modest": sum(modest) ** 2 / (len(modest) * sum(rate * rate for rate in modest)) if any(modest) else 0.0,
        "greedy_share": rates[0] / sum(rates), "share_of_connections": GREEDY / (GREEDY + MODEST),
    }  # fmt: skip


def arguments():
    parser = argparse.ArgumentParser(prog="onpyrunner bench load", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--clients", default="1,2,4,8,16,64", help="of the closed loop, with ',' between (default: 1,2,4,8,16,64)")
    parser.add_argument("--rounds", type=int, default=2, help="of the closed loop (default: 2)")
    parser.add_argument("--round-s", type=float, default=2.5, help="seconds of each number of clients in a round (default: 2.5)")
    parser.add_argument("--open-s", type=float, default=12, help="seconds of each rate of the open loop, and of fairness (default: 12)")
    parser.add_argument("--max-queued", type=int, default=64, help="jobs that may wait (default: 64; the most clients must fit)")
    parser.add_argument("--warm-up", type=int, default=300, help="jobs before (default: 300)")
    parser.add_argument("--direct", action="store_true", help="start Java itself, not ./onpyrunner serve")
    parser.add_argument("--json", metavar="FILE", help="keep all single times")
    options = parser.parse_args()
    options.clients = [int(c) for c in options.clients.split(",")]
    if max(options.clients) > options.max_queued or GREEDY + MODEST > options.max_queued:
        parser.error("--max-queued is less than the clients of a closed loop")
    return options


def closed_loops(port, command, options):
    found = {clients: {"node": [], "bare": []} for clients in options.clients}
    for _ in range(options.rounds):
        for clients, rows in found.items():
            row = closed(port, {"127.0.0.1": clients}, options.round_s)
            rows["node"].append({"jobs_per_s": row["jobs_per_s"], "times_ms": row["times_ms"]["127.0.0.1"]})
            rows["bare"].append(bare_rate(command, clients, options.round_s))
    for rows in found.values():
        by_bare = [own["jobs_per_s"] / bare["jobs_per_s"] for own, bare in zip(rows["node"], rows["bare"])]
        rows["jobs_per_s"] = {way: statistics.median(r["jobs_per_s"] for r in rows[way]) for way in ("node", "bare")}
        rows["by_bare"] = {"value": statistics.median(by_bare), "low": min(by_bare), "high": max(by_bare)}
    return found


def say_closed(found):
    print(f"{'':7} | {'closed loop, ms':^37} | jobs/s | bare, as many at once | x bare (rounds)\n{'clients':7} | "
          + " ".join(f"{f'p{part * 100:g}':>8}" for part in PARTS) + "   |", flush=True)  # fmt: skip
    for clients, rows in found.items():
        times, by, rate = [t for r in rows["node"] for t in r["times_ms"]], rows["by_bare"], rows["jobs_per_s"]
        print(f"{clients:7} | " + " ".join(f"{at(times, part):8.1f}" for part in PARTS)
              + f"   | {rate['node']:6.0f} | {rate['bare']:21.0f} | {by['value']:.2f} ({by['low']:.2f} {by['high']:.2f})", flush=True)  # fmt: skip


def say_open(rows, capacity):
    print(
        f"\nopen loop; the most was {capacity:.0f} jobs/s\n"
        f"{'offered':>12} | {'accepted jobs, ms':^37} | goodput | of the most around it | refused | Retry-After, s"
    )
    for share, row in rows.items():
        columns = " ".join(f"{at(row['times_ms'], part):8.1f}" for part in PARTS) if row["times_ms"] else f"{'none':>35}"
        print(f"{row['offered_per_s']:5.0f} ({share * 100:3.0f} %) | {columns}   | {row['goodput_per_s']:7.0f} | "
              f"{row['goodput_by_capacity']:21.2f} | {sum(row['refused'].values()):7} | {', '.join(row['retry_after_s'])}", flush=True)  # fmt: skip


def main():
    options = arguments()
    found, began = common.about(), time.perf_counter()
    with common.scratch("load") as folder, ExitStack() as stack:
        environment = {"ONPY_QUEUE_MAX_QUEUED": str(options.max_queued), "ONPY_QUEUE_POSTS_PER_SECOND_PER_CLIENT": "0"}
        node = common.Node(folder, "node", (), environment, options.direct)
        stack.callback(node.close)
        command = common.bare(folder, "hello", common.HELLO, common.HELLO_SAYS)
        one = common.Jobs(node.url())
        for _ in range(options.warm_up):
            one.run()
        print(f"{found['machine']['cpu']}, {os.cpu_count()} cores; {options.max_queued} jobs may wait", flush=True)
        loops = closed_loops(node.port, command, options)
        say_closed(loops)
        capacity = max(rows["jobs_per_s"]["node"] for rows in loops.values())
        dice = random.Random(1)
        best = max(loops, key=lambda clients: loops[clients]["jobs_per_s"]["node"])
        rows = {}
        for share in SHARES:
            # The machine's mood changes: what the node can do is measured again right before and after.
            around = [closed(node.port, {"127.0.0.1": best}, options.round_s)["jobs_per_s"]]
            rows[share] = opened(node.port, capacity * share, options.open_s, dice)
            around.append(closed(node.port, {"127.0.0.1": best}, options.round_s)["jobs_per_s"])
            rows[share] |= {"capacity_around_per_s": around, "goodput_by_capacity": rows[share]["goodput_per_s"] / statistics.mean(around)}
        say_open(rows, capacity)
        fair = fairness(node.port, options.open_s)
    rates = fair["rates_per_s"]
    print(f"\nfairness: one client with {GREEDY} connections got {rates[0]:.1f} jobs/s, {MODEST} with one each "
          f"{', '.join(f'{rate:.1f}' for rate in rates[1:])} (Jain's index {fair['jain_modest']:.3f}); the greedy one has "
          f"{fair['share_of_connections']:.0%} of the connections and got {fair['greedy_share']:.0%}; p50 {at(fair['times_ms'][0], 0.5):.0f} ms "
          f"beside {at(sum(fair['times_ms'][1:], []), 0.5):.0f} ms")  # fmt: skip
    print(f"{time.perf_counter() - began:.0f} s; every accepted job ended well, every refusal had Retry-After")
    common.keep(options.json, {**found, "max_queued": options.max_queued, "closed": loops, "capacity_per_s": capacity,
                               "open": {str(share): row for share, row in rows.items()}, "fairness": fair})  # fmt: skip


if __name__ == "__main__":
    common.ends_well("load", main)
