#!/usr/bin/env python3
"""Breaks a cluster in every way that is promised to be survived, under random load, then audits every accepted job.

Real processes on 127.0.0.1: redis-server with an append-only file, two HTTP nodes, three runners, one event bus. Faults come one after
the other, each when the cluster has recovered from the one before. Without --minutes each fault happens once.
Exit 1 if anything is wrong with any job; then the seed, and the job's story, are printed.
"""

import argparse
import json
import os
import platform
import random
import resource
import signal
import statistics
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True  # no __pycache__ in the checkout
sys.path.insert(0, str(Path(__file__).resolve().parent / "chaos"))

import audit  # noqa: E402
from nodes import Broken, Cluster, RedisSaid, faketime  # noqa: E402
from faults import FAULTS, Missed, Scene  # noqa: E402
from load import LOST, MOST_OPEN, Load, call  # noqa: E402

RECOVERY_S = 60
TRIES = 3
STORIES_TOLD = 3


def arguments():
    parser = argparse.ArgumentParser(prog="onpyrunner bench chaos", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    known = "\n".join(f"  {name}: {what}" for name, (what, _) in FAULTS.items())
    parser.add_argument("--minutes", type=float, default=0, help="go on for so long, with the faults in random order (default: each once)")
    parser.add_argument("--seed", type=int, default=None, help="repeat the load and the order of a run, as far as processes allow")
    parser.add_argument("--faults", default=",".join(FAULTS), help="only these, with ',' between:\n" + known)
    parser.add_argument("--appendfsync", choices=["always", "everysec"], default="always", help="Redis' setting")
    parser.add_argument("--bus", choices=["yes", "no"], default="yes", help="whether the nodes share an event bus")
    parser.add_argument("--json", metavar="FILE", help="keep all figures")
    args = parser.parse_args()
    args.faults = args.faults.split(",")
    unknown = set(args.faults) - set(FAULTS)
    if unknown:
        parser.error(f"no such fault: {', '.join(sorted(unknown))}")
    if args.seed is None:
        args.seed = random.SystemRandom().randrange(1_000_000)
    return args


def say(text):
    print(text, flush=True)


class Run:
    def __init__(self, args, folder):
        self.args, self.rng = args, random.Random(f"{args.seed} faults")
        self.cluster = Cluster(folder, args.appendfsync, args.bus == "yes")
        self.load = Load(self.cluster, args.seed)
        self.happened = []
        self.wrong = []  # of the cluster as a whole

    def faults(self):
        """Each fault once, in random order, again and again until the time is over."""
        end = time.monotonic() + self.args.minutes * 60
        while True:
            for name in self.rng.sample(self.args.faults, len(self.args.faults)):
                yield name
                if self.args.minutes and time.monotonic() > end:
                    return
            if not self.args.minutes:
                return

    def go(self):
        self.cluster.start()
        self.load.start()
        self.recover("the start", time.monotonic())
        try:
            for name in self.faults():
                self.happen(name)
        except Broken as e:  # what became of the jobs is told in any case
            self.wrong.append(str(e))
        say(f"no more faults; {len(self.load.by_id)} jobs were accepted, {len(self.load.open_ids())} have not ended")
        self.load.stop()
        self.wrong += self.load.strange

    def happen(self, name):
        """One fault and the recovery from it."""
        for left in reversed(range(TRIES)):
            self.load.wait_until(lambda: len(self.load.by_id) - len(self.load.ended) >= MOST_OPEN * 2 // 3, RECOVERY_S)
            in_flight = self.load.open_ids()
            scene = Scene(self.cluster, self.load, self.rng)
            try:
                met = FAULTS[name][1](scene) or ""
                break
            except (Missed, RedisSaid, *LOST) as e:
                if not left:
                    raise Broken(f"the fault {name} could not be made: {e!r}") from e
                self.recover(name, time.monotonic())
            finally:
                scene.close()
        over = time.monotonic()
        took = self.recover(name, over)
        self.happened.append({"fault": name, "met": met, "in_flight": in_flight, "over": over, "recovery_s": took})
        say(f"{name:22} {len(in_flight):3} jobs in flight, a new one ended after {took:4.1f} s   {met}")

    def recover(self, name, over):
        """Starts dead nodes again, and waits until a job that was accepted after the fault has ended, and all nodes are up."""
        fallen = self.cluster.fallen()
        if fallen:
            self.wrong.append(f"{name}: these nodes ended by themselves: {fallen}")
        self.cluster.revive()
        load = self.load

        def first():
            ends = [load.ended[s.id] for s in load.stories[-2000:] if s.ids and s.accepted_at > over and load.ended.get(s.id, 0) > over]
            return min(ends, default=None)

        if not load.wait_until(lambda: first() is not None, RECOVERY_S):
            raise Broken(f"no new job ended within {RECOVERY_S} s after {name}")
        for node in self.cluster.nodes:
            node.await_ready()
        return first() - over


class Inquiry:
    """Asks for all that is known of every accepted job, when all is over."""

    def __init__(self, run):
        self.run, self.cluster, self.load = run, run.cluster, run.load
        self.nodes = self.cluster.up("http")

    def look_up(self):
        redis = self.cluster.redis.connect(30)
        ends = {}
        for _, fields in redis("XRANGE", "onpy:{0}:ends", "-", "+"):
            found = dict(zip(fields[::2], fields[1::2], strict=True))
            ends.setdefault(found["id"], []).append(found["status"])
        for story in self.load.stories:
            if story.ids:
                fields = redis("HGETALL", f"onpy:{{0}}:job:{story.id}")
                story.stored = dict(zip(fields[::2], fields[1::2], strict=True))
                for entry, f in redis("XRANGE", f"onpy:{{0}}:job:{story.id}:log", "-", "+"):
                    story.raw.append({"id": entry, "k": f[1], "t": int(f[3]), "d": f[5]})
                story.ends = ends.get(story.id, [])
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self.ask, [s for s in self.load.stories if s.ids]))
        left = {}
        stored = []
        for key in self.keys(redis):
            rest = key.removeprefix("onpy:{0}:")
            if rest.startswith("job:") and rest.count(":") == 1:
                stored.append(rest.removeprefix("job:"))
            elif rest in ("lease", "deadline") or rest.startswith("ready:"):
                left[key] = redis("ZCARD", key)
            elif rest.startswith("owner-sum:"):
                left[key] = int(redis("HGET", key, "live") or 0)
        redis.close()
        return audit.check_store(left, self.load.stories, stored)

    @staticmethod
    def keys(redis):
        cursor = "0"
        while True:
            cursor, keys = redis("SCAN", cursor, "MATCH", "onpy:{0}:*", "COUNT", 1000)
            yield from keys
            if cursor == "0":
                return

    def ask(self, story):
        for node in self.nodes:
            status, _, job = call(node, "GET", f"/v1/jobs/{story.id}", timeout=30)
            story.finals.append(job if status == 200 else None)
        first = story.finals[0]
        if not first or first["status"] not in audit.TERMINAL:
            return
        self.load.follow(story, story.log, self.nodes[int(story.key, 16) % len(self.nodes)], -1)
        for file in first["files"]:
            status, _, content = call(self.nodes[0], "GET", file["url"], timeout=30)
            if status == 200:
                story.files[file["path"]] = content.decode()
        status, _, job = call(self.nodes[-1], "POST", "/v1/jobs", story.body, {"Idempotency-Key": story.key}, story.client, 30)
        story.replay = job["id"] if status == 200 else f"answer {status}"


def tell(run, story, sentences):
    """The whole story of a job that is wrong."""
    say(f"\njob {story.id}: " + "; ".join(sentences))
    body = dict(story.body, source=story.body["source"][:200])
    for name, value in (("request", body), ("ids", story.ids), ("accepted at", story.accepted_at), ("stored", story.stored),
                        ("sightings", story.sightings), ("cancels", story.cancels), ("follows", story.follows)):  # fmt: skip
        say(f"  {name}: {str(value)[:3000]}")
    for event in story.raw:
        say(f"  {event['id']} {event['k']} {event['t']} {event['d'][:100]!r}")
    for log in sorted(run.cluster.folder.glob("*.log")):
        for line in log.read_text(errors="replace").splitlines():
            if story.id and story.id[:10] in line:
                say(f"  {log.name}: {line}")


def report(run, seconds):
    """The table, and the figures for --json."""
    load = run.load
    figures = {}
    say(f"\n{'fault':22} | times | in flight | new job ended after, s | all in flight ended after, s")
    say(f"{'':22} |       |    median |       median     worst |         median         worst")
    for name in FAULTS:
        mine = [h for h in run.happened if h["fault"] == name]
        if mine:
            flights = [len(h["in_flight"]) for h in mine]
            new = [h["recovery_s"] for h in mine]
            old = [max((load.ended.get(i, h["over"]) - h["over"] for i in h["in_flight"]), default=0) for h in mine]
            old = [max(0, s) for s in old]
            met = [h["met"] for h in mine]
            figures[name] = {"times": len(mine), "in_flight": flights, "new_job_ended_s": new, "all_ended_s": old, "met": met}
            say(f"{name:22} | {len(mine):5} | {statistics.median(flights):9.0f} | {statistics.median(new):12.1f} {max(new):9.1f}"
                f" | {statistics.median(old):14.1f} {max(old):13.1f}")  # fmt: skip
    accepted = [s for s in load.stories if s.ids]
    counts = {}
    for story in accepted:
        final = story.finals[0] if story.finals else None
        status = final["status"] if final else "LOST"
        counts[status] = counts.get(status, 0) + 1
    totals = {
        "accepted": len(accepted), "by_status": dict(sorted(counts.items())),
        "started_again": sum(int(s.stored.get("starts", 0)) > 1 for s in accepted),
        "requests_repeated": sum(len(s.ids) > 1 for s in accepted), "refused": load.refused,
        "states_seen": sum(len(s.sightings) for s in accepted), "logs_followed": sum(len(s.follows) for s in accepted),
        "events": sum(len(s.log) for s in accepted), "seconds": round(seconds),
    }  # fmt: skip
    say(f"\n{json.dumps(totals)}")
    return {"faults": figures, "totals": totals}


def main():
    args = arguments()
    sys.setswitchinterval(0.0005)  # a fault must not miss its moment because a client's thread computes
    files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files[1], files[1]))
    threading.excepthook = lambda e: say(f"{e.thread.name}: {e.exc_value!r}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # its folder is removed, its processes end
    if "clock" in args.faults:
        faketime()
    began = time.monotonic()
    say(f"seed {args.seed}, {os.cpu_count()} cores, appendfsync {args.appendfsync}, {len(args.faults)} faults")
    with tempfile.TemporaryDirectory(prefix="onpyrunner-chaos-") as folder:
        run = Run(args, Path(folder))
        try:
            run.go()
            run.wrong += Inquiry(run).look_up()
            full = any(h["fault"] == "redis-full" for h in run.happened)
            bad = [(s, w) for s in run.load.stories if (w := audit.check(s, run.cluster.drains, full))]
            figures = report(run, time.monotonic() - began)
            for story, sentences in bad[:STORIES_TOLD]:
                tell(run, story, sentences)
        finally:
            run.load.over.set()
            run.cluster.close()
    sentences = [f"{s.id}: {w}" for s, ws in bad for w in ws] + run.wrong
    if args.json:
        about = {"seed": args.seed, "machine": platform.platform(), "cores": os.cpu_count(), "appendfsync": args.appendfsync}
        about["wrong"] = sentences
        Path(args.json).write_text(json.dumps({**about, **figures}, indent=1), encoding="utf-8")
    if sentences:
        say(f"\nWRONG, with --seed {args.seed}: {len(bad)} of {len(run.load.by_id)} jobs")
        for sentence in sentences[:50]:
            say(f"  {sentence}")
        return 1
    say("0 lost, 0 stuck, 0 with two results, 0 that went back, every log gap-free and fenced.")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Broken as e:
        say(f"chaos: {e}")
        sys.exit(2)
