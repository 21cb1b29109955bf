#!/usr/bin/env python3
"""What a node of its own holds in memory: idle, for each slot, each job that waits, and each viewer.

The JVM is what the kernel counts as resident. Slots are all other processes of the node, jails and interpreters included, by their
proportional share (what they map together counts once); as any user but root, whose jails cannot be looked into, resident, so too much.
Jobs wait at a node that runs none, and Redis says what it uses. Of viewers it is the JVM's heap after a collection; the kernel's buffers
come on top. Ends by itself.
"""

import argparse
import json
import re
import resource
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True  # no __pycache__ in the checkout
sys.path.insert(0, str(Path(__file__).resolve().parent / "chaos"))

import common  # noqa: E402
import live  # noqa: E402
from nodes import Resp  # noqa: E402

SLOTS, MORE_SLOTS = 4, 12
# One, so that the node does what it does by default; many would hide what a slot costs.
FEW = {"ONPY_RUNNER_INTERACTIVE_SLOTS": "1"}
NO_CAPS = {
    "ONPY_QUEUE_POSTS_PER_SECOND_PER_CLIENT": "0", "ONPY_QUEUE_MAX_LIVE_PER_CLIENT": "1000000", "ONPY_QUEUE_MAX_QUEUED": "1000000",
    "ONPY_QUEUE_MAX_STORED_BYTES_PER_CLIENT": "100000000000",
}  # fmt: skip


def processes(pid):
    """All below it."""
    for child in common.children(pid):
        yield child
        yield from processes(child)


def resident(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) * 1024


def share(pid):
    try:
        return int(re.search(r"\nPss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text())[1]) * 1024
    except PermissionError:
        return resident(pid)


def held(node):
    """Bytes of the JVM, of Redis, and of all else: the jails."""
    jvm, redis, jails, count = node.process.pid, node.redis_pid(), 0, 0
    for pid in processes(jvm):
        try:
            if pid != redis:
                jails += share(pid)
                count += 1
        except (OSError, TypeError):
            pass  # it has ended: a jail is being made anew
    return {"jvm_rss": resident(jvm), "redis_rss": resident(redis), "jails": jails, "jail_processes": count}


def settled(node):
    """Twice the same processes, and what they hold."""
    end, before = time.perf_counter() + common.LATE_S, None
    while (now := set(processes(node.process.pid))) != before:
        if time.perf_counter() > end:
            raise common.Wrong("the node does not come to rest")
        before = now
        time.sleep(1)  # what a jail needs to be made
    return held(node)


def slots(folder, options, number):
    """An idle node: right after its start, and after some jobs."""
    node = common.Node(folder, f"slots-{number}", ("--slots", str(number)), FEW, options.direct)
    try:
        one = common.Jobs(node.url())
        idle = settled(node)
        for _ in range(options.jobs):
            one.run()
        return {"slots": number, "idle": idle, "after_jobs": settled(node)}
    finally:
        node.close()


def used(redis):
    return int(re.search(r"used_memory:(\d+)", redis("INFO", "memory"))[1])


def queued(folder, options):
    """Bytes in Redis for each hello that waits."""
    node = common.Node(folder, "queued", ("--role", "http"), NO_CAPS, options.direct)
    try:
        data = common.request("POST", "/v1/jobs", {"source": common.HELLO.decode()})
        with common.Client(node.url()) as client:

            def post(count):
                for _ in range(count):
                    status, _, body = client.send(data)
                    if status != 202 or json.loads(body)["status"] != "QUEUED":
                        raise common.Wrong(f"not accepted: {status} {body[:500]!r}")

            post(100)  # what is made once
            port, password = node.redis_address()
            redis = Resp(port)
            if password:
                redis("AUTH", password)
            before = used(redis)
            post(options.queued)
            found = {"jobs": options.queued, "redis_bytes_per_job": (used(redis) - before) / options.queued}
            redis.close()
        return found
    finally:
        node.close()


def viewers(folder, options):
    """Bytes of heap for each viewer that waits with the others for one program's output."""
    node = common.Node(folder, "viewers", ("--slots", "1"), FEW, options.direct)
    try:
        live.measure(live.Job(node, 5, 0.01), 20, 5)  # what is made once
        heap = [node.heap()]
        live.measure(live.Job(node, 5, 0.05), options.viewers, 5, lambda: heap.append(node.heap()))
        return {"viewers": options.viewers, "heap_bytes_per_viewer": (heap[1] - heap[0]) / options.viewers}
    finally:
        node.close()


def arguments():
    parser = argparse.ArgumentParser(prog="onpyrunner bench memory", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--jobs", type=int, default=200, help="run on a node before it is looked at again (default: 200)")
    parser.add_argument("--queued", type=int, default=3000, help="jobs that wait (default: 3000)")
    parser.add_argument("--viewers", type=int, default=1000, help="of one program (default: 1000)")
    parser.add_argument("--direct", action="store_true", help="start Java itself, not ./onpyrunner serve")
    parser.add_argument("--json", metavar="FILE", help="keep all figures")
    return parser.parse_args()


def main():
    options = arguments()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    found, began = common.about(), time.perf_counter()
    with common.scratch("memory") as folder:
        nodes = [slots(folder, options, number) for number in (SLOTS, MORE_SLOTS)]
        few, many = (node["after_jobs"]["jails"] for node in nodes)
        found |= {"jobs": options.jobs, "nodes": nodes, "jails_bytes_per_slot": (many - few) / (MORE_SLOTS - SLOTS)}
        jvm = nodes[1]["after_jobs"]["jvm_rss"] - nodes[0]["after_jobs"]["jvm_rss"]
        found["jvm_bytes_per_slot"] = jvm / (MORE_SLOTS - SLOTS)
        found["queued"], found["viewers"] = queued(folder, options), viewers(folder, options)
    mb = 1 << 20
    print("slots | JVM idle, MiB | JVM after jobs | Redis | jails and interpreters, MiB (processes)")
    for node in nodes:
        idle, after = node["idle"], node["after_jobs"]
        print(f"{node['slots']:5} | {idle['jvm_rss'] / mb:13.0f} | {after['jvm_rss'] / mb:14.0f} | {after['redis_rss'] / mb:5.0f} | "
              f"{after['jails'] / mb:.0f} ({after['jail_processes']})")  # fmt: skip
    print(f"each further slot: {found['jails_bytes_per_slot'] / mb:.1f} MiB of jails, {found['jvm_bytes_per_slot'] / mb:.1f} MiB of the JVM; "
          f"each job that waits: {found['queued']['redis_bytes_per_job'] / 1024:.1f} KiB in Redis; "
          f"each viewer that waits: {found['viewers']['heap_bytes_per_viewer'] / 1024:.1f} KiB of heap")  # fmt: skip
    print(f"{time.perf_counter() - began:.0f} s; every answer was right")
    common.keep(options.json, found)


if __name__ == "__main__":
    common.ends_well("memory", main)
