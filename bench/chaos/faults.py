"""What is done to the cluster while it works. A fault returns what it met, and leaves no other cause of trouble behind."""

import http.client
import json
import random
import signal
import threading
import time

from nodes import CLOCK_WRONG_S, LEASE_MS, Broken
from load import LOST, make

LEASE_S = LEASE_MS / 1000
FAULTS = {}


class Missed(Exception):
    """The moment for this fault did not come; it may be tried again."""


def fault(name, what):
    def register(function):
        FAULTS[name] = (what, function)
        return function

    return register


class Scene:
    """What a fault works with."""

    def __init__(self, cluster, load, rng):
        self.cluster, self.load, self.rng = cluster, load, rng
        self.redis = cluster.redis.connect()

    def close(self):
        self.redis.close()

    def story(self, kind, **extra):
        """A job for the fault itself to post; nobody else cancels it."""
        story = make(self.rng, kind, **extra)
        story.cancel_after = None
        return self.load.add(story)

    def runner_of(self, job):
        """The node that runs a job, or None."""
        return self.cluster.runner_named(self.redis("HGET", f"onpy:{{0}}:job:{job}", "node"))

    def running(self):
        """What runs now: job and node."""
        pairs = [(job, self.runner_of(job)) for job in self.redis("ZRANGE", "onpy:{0}:lease", 0, -1)]
        return [(job, node) for job, node in pairs if node]

    def log(self, job):
        entries = self.redis("XRANGE", f"onpy:{{0}}:job:{job}:log", "-", "+")
        return [(entry, fields[1]) for entry, fields in entries]

    def busy_runner(self, least=1):
        """A runner with so many jobs, each with some output."""

        def find():
            begun = [node for job, node in self.running() if self.redis("XLEN", f"onpy:{{0}}:job:{job}:log") > 2]
            busy = [n for n in dict.fromkeys(begun) if begun.count(n) >= least]
            return self.rng.choice(busy) if busy else None

        return self.until(find, f"no runner had {least} jobs with output")

    def until(self, holds, otherwise, seconds=15):
        """Looks again and again; what it waits for is in Redis or in the kernel, and moments count."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = holds()
            if found:
                return found
            time.sleep(0.002)
        raise Missed(otherwise)

    def await_started(self, story, kind, value=None):
        """Returns at once when the log of a job, just posted, has such an event; False when it was too late for that."""
        log, last = f"onpy:{{0}}:job:{story.id}:log", "0-1"
        while True:
            found = self.redis("XREAD", "BLOCK", 3000, "STREAMS", log, last)
            if not found:
                return False
            for last, fields in found[0][1]:
                if fields[1] == "end":
                    return False
                if fields[1] == kind and value in (None, fields[5]):
                    return last == self.log(story.id)[-1][0]


def lasting(rng, least, most):
    """The length of the fault itself, not a wait for anything."""
    time.sleep(rng.uniform(least, most))


# --- Runners ----------------------------------------------------------------------------------------------------------


@fault("runner-before-start", "kill -9 of a runner that has just claimed a job")
def runner_before_start(scene):
    for tries in range(1, 21):
        story = scene.story("big")
        if not scene.load.post(story, scene.rng):
            raise Missed("no job was accepted")
        if not scene.await_started(story, "state", "RUNNING"):
            continue
        node = scene.runner_of(story.id)
        if node:
            node.kill()
            kinds = [kind for _, kind in scene.log(story.id)]
            if not {"out", "end"} & set(kinds):
                return f"try {tries}"
            scene.cluster.revive()  # a moment too late
            scene.until(node.is_up, "the runner did not come back", 60)
    raise Missed("a runner was never killed between claim and first output")


@fault("runner-middle", "kill -9 of a runner in the middle of programs")
def runner_middle(scene):
    node = scene.busy_runner()
    held = [job for job, n in scene.running() if n is node]
    node.kill()
    return f"{len(held)} jobs"


@fault("runner-before-finish", "kill -9 of a runner when a program has ended and its result is not stored")
def runner_before_finish(scene):
    for tries in range(1, 11):
        story = scene.story("short", seconds=0.2, priority=0, max_starts=5)
        if not scene.load.post(story, scene.rng) or not scene.await_started(story, "out"):
            continue
        # Redis takes no writes now: the program ends, and the runner waits for the answer to its `finish`.
        scene.redis("CLIENT", "PAUSE", 5000, "WRITE")
        try:
            if scene.redis("HGET", f"onpy:{{0}}:job:{story.id}", "status") != "RUNNING":
                continue
            node = scene.runner_of(story.id)
            lasting(scene.rng, 0.5, 0.8)
            if node:
                node.kill()
        finally:
            scene.redis("CLIENT", "UNPAUSE")
        if node and "end" not in [kind for _, kind in scene.log(story.id)]:
            return f"try {tries}"
        scene.cluster.revive()
    raise Missed("a runner was never killed between a program's end and finish")


@fault("runner-paused", "SIGSTOP of a runner, SIGCONT when its jobs have been taken from it")
def runner_paused(scene):
    node = scene.busy_runner()
    node.signal(signal.SIGSTOP)
    held = [job for job, n in scene.running() if n is node]
    try:
        scene.until(lambda: not [1 for _, n in scene.running() if n is node], "its jobs stayed with it", 4 * LEASE_S)
        lasting(scene.rng, 0, 1)
    finally:
        node.signal(signal.SIGCONT)
    return f"{len(held)} jobs"


@fault("drain", "SIGTERM of a runner under load")
def drain(scene):
    node = scene.busy_runner()
    return f"{scene.cluster.drain(node):.1f} s"


@fault("rolling", "every node is stopped by SIGTERM and started again, one by one, under load")
def rolling(scene):
    for node in list(scene.cluster.nodes):
        scene.cluster.drain(node)
        scene.cluster.revive()
        node.await_ready()
    return f"{len(scene.cluster.nodes)} nodes"


@fault("sweepers", "kill -9 of a runner, and several nodes that reap its jobs at the same moment")
def sweepers(scene):
    extra = [scene.cluster.add(f"sweeper-{n}", "http") for n in (1, 2)]
    try:
        lasting(scene.rng, LEASE_S + 0.2, LEASE_S + 0.5)  # a node that is new to Redis does not reap for one lease
        node = scene.busy_runner(2)
        held = {job for job, n in scene.running() if n is node}
        node.kill()

        def nearly_over():
            scores = [scene.redis("ZSCORE", "onpy:{0}:lease", job) for job in held]
            seconds, micros = scene.redis("TIME")
            return all(float(s or 0) < int(seconds) * 1000 + int(micros) // 1000 + 50 for s in scores)

        scene.until(nearly_over, "the leases did not end")
        # Every node looks twice a second; those who look now all wait, and are then let in together.
        scene.redis("CLIENT", "PAUSE", 5000, "WRITE")
        lasting(scene.rng, 0.6, 0.8)
        scene.redis("CLIENT", "UNPAUSE")
        scene.until(lambda: not [1 for job in held if scene.redis("HGET", f"onpy:{{0}}:job:{job}", "node") == node.name
                                 and scene.redis("ZSCORE", "onpy:{0}:lease", job)], "its jobs were not reaped")  # fmt: skip
        return f"{len(held)} jobs"
    finally:
        for n in extra:
            scene.cluster.remove(n)


@fault("clock", "a node whose clock is an hour wrong takes and runs jobs")
def clock(scene):
    wrong = scene.rng.choice([-CLOCK_WRONG_S, CLOCK_WRONG_S])
    node = scene.cluster.add("wrong-clock", "http,runner", wrong)
    try:
        if abs(node.clock_error_s() - wrong) > 120:
            raise Broken(f"libfaketime had no effect: the clock is wrong by {node.clock_error_s()} s, not {wrong} s")
        stories = [scene.story(kind) for kind in ("print", "collect", "sleep")]
        for story in stories:
            scene.until(lambda s=story: scene.load.post_once(s, node), "it accepted nothing")
        scene.until(lambda: [1 for _, n in scene.running() if n is node], "it claimed nothing")
        scene.until(lambda: "ended: DONE" in node.said(), "it finished nothing", 30)
        return f"{wrong:+d} s"
    finally:
        scene.cluster.remove(node)


# --- HTTP nodes -------------------------------------------------------------------------------------------------------


@fault("http-before-answer", "kill -9 of an HTTP node when requests were sent and their answers not read")
def http_before_answer(scene):
    node = scene.rng.choice(scene.cluster.up("http"))
    stories = [scene.story("sleep") for _ in range(8)]
    sent = []
    for story in stories:
        connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=8, source_address=(story.client, 0))
        headers = {"Content-Type": "application/json", "Idempotency-Key": story.key}
        try:
            connection.request("POST", "/v1/jobs", json.dumps(story.body), headers)
        except LOST:
            pass
        sent.append(connection)
    lasting(scene.rng, 0, 0.25)
    node.kill()
    for connection in sent:
        connection.close()
    seconds, micros = scene.redis("TIME")
    accepted = [scene.load.post(story, scene.rng) for story in stories]
    if not all(accepted):
        raise Missed("a repeated request was not accepted")
    times = [int(scene.redis("HGET", f"onpy:{{0}}:job:{job}", "created_at")) for job in accepted]
    return f"{sum(t <= int(seconds) * 1000 + int(micros) // 1000 for t in times)} of 8 stored before"


@fault("http-after-answer", "kill -9 of an HTTP node that has just accepted jobs")
def http_after_answer(scene):
    node = scene.rng.choice(scene.cluster.up("http"))
    stories = [scene.story("sleep") for _ in range(4)]
    try:
        accepted = sum(bool(scene.load.post_once(story, node)) for story in stories)
    except LOST as e:
        raise Missed(f"the node did not answer: {e}") from None
    node.kill()
    for story in stories:
        if not story.ids:
            scene.load.post(story, scene.rng)
    return f"{accepted} jobs"


# --- Redis ------------------------------------------------------------------------------------------------------------


@fault("redis-kill", "kill -9 of Redis, and a start")
def redis_kill(scene):
    redis = scene.cluster.redis
    redis.process.kill()
    redis.process.wait()
    lasting(scene.rng, 0.3, 1.5)
    redis.start()


@fault("redis-stop", "an orderly stop of Redis, and a start when all leases have ended")
def redis_stop(scene):
    redis = scene.cluster.redis
    redis.process.terminate()
    redis.process.wait(30)
    lasting(scene.rng, LEASE_S + 0.2, LEASE_S + 1)
    redis.start()


@fault("redis-restart", "a short restart of Redis")
def redis_restart(scene):
    redis = scene.cluster.redis
    redis.process.terminate()
    redis.process.wait(30)
    redis.start()


@fault("redis-hang", "SIGSTOP of Redis, SIGCONT when all leases have ended")
def redis_hang(scene):
    process = scene.cluster.redis.process
    process.send_signal(signal.SIGSTOP)
    lasting(scene.rng, LEASE_S + 0.2, LEASE_S + 1)
    process.send_signal(signal.SIGCONT)


@fault("redis-full", "Redis has no memory left, and then has again")
def redis_full(scene):
    info = dict(line.split(":", 1) for line in scene.redis("INFO", "memory").splitlines() if ":" in line)
    scene.redis("CONFIG", "SET", "maxmemory", int(info["used_memory"]) + 4096)
    refused, ended = scene.load.refused, len(scene.load.ended)
    try:
        scene.until(lambda: scene.load.refused > refused and len(scene.load.ended) > ended, "nothing was refused, or nothing ended")
        lasting(scene.rng, 0.3, 1.5)
    finally:
        scene.redis("CONFIG", "SET", "maxmemory", 0)
    return f"{scene.load.refused - refused} refused, {len(scene.load.ended) - ended} ended"


@fault("cut", "every connection to Redis is cut")
def cut(scene):
    return f"{scene.redis('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')} connections"


# --- Clients ----------------------------------------------------------------------------------------------------------


@fault("cancel-races-finish", "cancels of many jobs at about the time when they end")
def cancel_races_finish(here):
    stories = [here.story("short", seconds=0.15, priority=0, max_starts=5) for _ in range(24)]

    def race(mine, rng):
        scene = Scene(here.cluster, here.load, rng)
        for story in mine:
            if scene.load.post(story, rng):
                if scene.await_started(story, "state", "RUNNING"):
                    lasting(rng, 0, 0.3)
                scene.load.cancel(story, rng)
        scene.close()

    threads = [threading.Thread(target=race, args=(stories[n::4], random.Random(here.rng.random())), daemon=True) for n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    codes = [c.code for s in stories for c in s.cancels]
    return f"{codes.count(202)} running, {codes.count(200)} ended"
