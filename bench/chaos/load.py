"""The random load: clients that post jobs, follow them, ask about them and cancel them, and write down all they are told."""

import heapq
import http.client
import json
import random
import socket
import threading
import time

from audit import TERMINAL, Cancel, Sighting, Story
from nodes import RedisSaid

MOST_OPEN = 24  # jobs accepted and not ended; the runners have six slots
ENDED_S = 90
CLIENTS = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]  # each address is a client of its own
WEIGHTS = {"print": 5, "loop": 2, "sleep": 4, "chunks": 3, "fail": 2, "collect": 3, "slow": 3, "endless": 1}
LINES = "import sys, time\nfor i in range({lines}):\n    print('line', i, flush=True)\n    {work}\n{end}"
LOST = (OSError, http.client.HTTPException)  # the answer did not come


def make(rng, kind=None, **extra):
    """A job of some kind, and what it must print."""
    kind = kind or rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    lines, work, end, exit_code, file, stderr, pad = rng.randint(1, 5), "pass", "", 0, None, "", ""
    if kind == "loop":
        work = "sum(range(400_000))"
    elif kind == "sleep":
        work = f"time.sleep({rng.uniform(0.05, 0.6):.2f})"
    elif kind == "chunks":
        lines = rng.randint(20, 80)
        work = "print('error', i, file=sys.stderr, flush=True); time.sleep(0.01)"
        stderr = "".join(f"error {i}\n" for i in range(lines))
    elif kind == "fail":
        exit_code = rng.randint(1, 9)
        end = f"sys.exit({exit_code})"
    elif kind == "endless":
        lines, work = 600, "time.sleep(0.1)"
    elif kind == "short":
        lines, work = 1, f"time.sleep({extra.pop('seconds')})"
    elif kind == "big":
        pad = "#" + "x" * 1_000_000  # long on its way from the claim to the jail
    if kind == "slow":
        lines, work = rng.randint(4, 8), "time.sleep(0.4)"
    if kind in ("collect", "slow"):  # the slow ones end while Redis is away
        file = "".join(f"row {i}\n" for i in range(lines * 100))
        end = f"open('out.txt', 'w').writelines(f'row {{i}}\\n' for i in range({lines * 100}))"
    body = {
        "source": LINES.format(lines=lines, work=work, end=end) + "\n" + pad,
        "priority": rng.randint(0, 7),
        "max_starts": rng.choice([2, 3, 5]),
        "limits": {"wall_ms": 120_000, "cpu_ms": 20_000},
    }
    if file is not None:
        body["collect"] = ["*.txt"]
    body.update(extra)
    stdout = "".join(f"line {i}\n" for i in range(lines))
    story = Story(f"{rng.getrandbits(96):024x}", body, stdout, stderr, exit_code, file, kind == "endless", rng.choice(CLIENTS))
    if story.endless or rng.random() < 0.1:
        story.cancel_after = rng.uniform(0, 1.5)
    return story


def call(node, method, path, body=None, headers=None, client="127.0.0.1", timeout=8):
    """One request on a connection of its own. Returns status, headers and the JSON, or raises one of LOST."""
    connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=timeout, source_address=(client, 0))
    try:
        headers = dict(headers or {}, **({"Content-Type": "application/json"} if body is not None else {}))
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        response = connection.getresponse()
        data = response.read()
        kind = response.headers.get_content_type()
        return response.status, response.headers, json.loads(data) if data and kind.endswith("json") else data
    finally:
        connection.close()


class Load:
    def __init__(self, cluster, seed):
        self.cluster, self.seed = cluster, seed
        self.stories, self.by_id, self.ended = [], {}, {}
        self.strange = []  # answers that no client should get
        self.refused = 0
        self.changed = threading.Condition()
        self.stopping = threading.Event()  # no more jobs
        self.over = threading.Event()  # no more readers
        self.to_follow, self.to_poll, self.to_cancel = [], [], []
        self.threads = []

    def start(self):
        self._spawn(self._watch_ends, 1)
        self.posters = self._spawn(self._post_jobs, 4)
        self._spawn(self._follow_jobs, 8)
        self._spawn(self._poll_jobs, 6)
        self._spawn(self._cancel_jobs, 2)
        self._spawn(self._look_back, 1)

    def _spawn(self, target, count):
        threads = [
            threading.Thread(target=self._guard, args=(target, random.Random(f"{self.seed} {target.__name__} {n}")), daemon=True)
            for n in range(count)
        ]
        for t in threads:
            t.start()
        self.threads += threads
        return threads

    def _guard(self, target, rng):
        try:
            target(rng)
        except Exception as e:  # a client that broke would hide what it did not see
            self.strange.append(f"{target.__name__} broke: {e!r}")
            raise

    def open_ids(self):
        with self.changed:
            return [i for i in self.by_id if i not in self.ended]

    def wait_until(self, holds, seconds):
        with self.changed:
            return self.changed.wait_for(holds, seconds)

    def node(self, rng):
        """An HTTP node that is up, if need be after a while."""
        while True:
            nodes = self.cluster.up("http")
            if nodes:
                return rng.choice(nodes)
            self.over.wait(0.05)

    # --- Posting ------------------------------------------------------------------------------------------------------

    def _post_jobs(self, rng):
        while not self.stopping.is_set():
            if not self.wait_until(lambda: len(self.by_id) - len(self.ended) < MOST_OPEN, 0.5):
                continue
            story = self.add(make(rng))
            if rng.random() < 0.1:  # the same twice at once
                twin = threading.Thread(target=self.post, args=(story, random.Random(rng.random())), daemon=True)
                twin.start()
                self.post(story, rng)
                twin.join()
            else:
                self.post(story, rng)

    def add(self, story):
        self.stories.append(story)
        return story

    def post(self, story, rng):
        """Repeats the request, with the same key, until it is answered: so the job is accepted once."""
        while not self.over.is_set():
            try:
                if self.post_once(story, self.node(rng), "?wait=1" if rng.random() < 0.2 else ""):
                    return story.id
            except LOST:
                self.over.wait(0.02)
        return None

    def post_once(self, story, node, query=""):
        """Returns the job's id, or None when it was refused for now."""
        asked = time.monotonic()
        status, headers, job = call(node, "POST", "/v1/jobs" + query, story.body, {"Idempotency-Key": story.key}, story.client)
        if status in (200, 202):
            self.accepted(story, job, asked)
            return job["id"]
        if status in (429, 503):
            self.refused += 1
            self.over.wait(min(0.3, float(headers["Retry-After"])))
        else:
            self._odd(f"POST was answered {status}: {job}")
        return None

    def accepted(self, story, job, asked):
        story.sightings.append(Sighting.of(asked, time.monotonic(), job))
        with self.changed:
            first = not story.ids
            story.ids.append(job["id"])
            if not first:
                return
            story.accepted_at = time.monotonic()
            self.by_id[job["id"]] = story
            choice = int(story.key, 16) % 10
            if choice < 6:
                self.to_follow.append(story)
            if choice > 3:
                self.to_poll.append(story)
            if story.cancel_after is not None:
                heapq.heappush(self.to_cancel, (time.monotonic() + story.cancel_after, story.key, story))
            self.changed.notify_all()

    def _odd(self, what):
        self.strange.append(what)
        self.over.wait(0.2)

    # --- Following ----------------------------------------------------------------------------------------------------

    def _next(self, waiting):
        with self.changed:
            self.changed.wait_for(lambda: waiting or self.over.is_set(), 1)
            return waiting.pop(0) if waiting else None

    def _follow_jobs(self, rng):
        while not self.over.is_set():
            story = self._next(self.to_follow)
            if story:
                events = []
                story.follows.append(events)
                while not self.over.is_set() and not (events and events[-1]["k"] == "end"):
                    try:
                        self.follow(story, events, self.node(rng), rng.choice([3, 10, 1000]))
                    except LOST:
                        self.over.wait(0.02)

    def follow(self, story, events, node, most):
        """Reads events on one connection, which is given up after so many of them; -1: never."""
        headers = {"Last-Event-ID": events[-1]["id"]} if events else {}
        connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=5)
        try:
            connection.request("GET", f"/v1/jobs/{story.id}/events", headers=headers)
            response = connection.getresponse()
            if response.status != 200:
                response.read()
                return self._not_found(story, "events", response.status)
            shown = None
            for line in response:
                if line.startswith(b"id: "):
                    shown = line[4:-1].decode()
                elif line.startswith(b"data: ") and line.endswith(b"\n"):
                    events.append(json.loads(line[6:]))
                    if events[-1]["id"] != shown:
                        self._odd(f"event {events[-1]} was sent with the id {shown}")
                    most -= 1
                    if most == 0 or (most > 0 and self.over.is_set()):
                        return None
        finally:
            connection.close()

    def _not_found(self, story, what, status):
        if status != 503:
            self._odd(f"GET {story.id} {what} was answered {status}")
        self.over.wait(0.1)

    def ask(self, story, node, query=""):
        asked = time.monotonic()
        status, _, job = call(node, "GET", f"/v1/jobs/{story.id}{query}")
        if status != 200:
            return self._not_found(story, query, status)
        story.sightings.append(Sighting.of(asked, time.monotonic(), job))
        return job

    def _poll_jobs(self, rng):
        while not self.over.is_set():
            story = self._next(self.to_poll)
            job = None
            while story and not self.over.is_set() and not (job and job["status"] in TERMINAL):
                try:
                    job = self.ask(story, self.node(rng), "?wait=2" if job else "")
                except LOST:
                    self.over.wait(0.02)

    def _look_back(self, rng):
        """Asks again about jobs that have ended long ago."""
        while not self.over.wait(0.05):
            with self.changed:
                ended = [i for i in self.ended if i in self.by_id] if rng.random() < 0.1 else list(self.ended)[-20:]
            if ended:
                story = self.by_id.get(rng.choice(ended))
                try:
                    if story:
                        self.ask(story, self.node(rng))
                except LOST:
                    pass

    # --- Cancelling ---------------------------------------------------------------------------------------------------

    def _cancel_jobs(self, rng):
        while not self.over.wait(0.01):
            with self.changed:
                due = self.to_cancel and self.to_cancel[0][0] <= time.monotonic()
                story = heapq.heappop(self.to_cancel)[2] if due else None
            if story:
                self.cancel(story, rng)

    def cancel(self, story, rng):
        """Repeats it until it is answered."""
        while not self.over.is_set():
            try:
                asked = time.monotonic()
                status, _, job = call(self.node(rng), "DELETE", f"/v1/jobs/{story.id}")
            except LOST:
                story.cancels.append(Cancel(0, "not answered"))
                continue
            if status in (200, 202):
                story.cancels.append(Cancel(status, job["status"]))
                story.sightings.append(Sighting.of(asked, time.monotonic(), job))
                return
            story.cancels.append(Cancel(status, "refused"))
            self._not_found(story, "cancel", status)

    # --- Ends ---------------------------------------------------------------------------------------------------------

    def _watch_ends(self, _):
        """Hears of each job's end from Redis' stream of ends: for the times only, the audit reads it again."""
        redis, last = None, "0-0"
        while not self.over.is_set():
            try:
                redis = redis or self.cluster.redis.connect(3)
                for _, entries in redis("XREAD", "BLOCK", 500, "STREAMS", "onpy:{0}:ends", last) or []:
                    with self.changed:
                        for last, fields in entries:  # noqa: B007 # the next read begins after the last one
                            self.ended.setdefault(fields[fields.index("id") + 1], time.monotonic())
                        self.changed.notify_all()
            except (OSError, RedisSaid, socket.timeout):
                redis = None
                self.over.wait(0.02)

    # --- The end ------------------------------------------------------------------------------------------------------

    def stop(self):
        """No more jobs; waits until those that were accepted have ended and their readers know it, but not for ever."""
        self.stopping.set()
        end = time.monotonic() + ENDED_S
        for poster in self.posters:
            poster.join(max(0, end - time.monotonic()))
        self.wait_until(lambda: all(i in self.ended for i in self.by_id), max(0, end - time.monotonic()))
        while time.monotonic() < end and any(self._is_reading(s) for s in self.stories):
            time.sleep(0.05)
        self.over.set()
        for t in self.threads:
            t.join(10)

    def _is_reading(self, story):
        return story in self.to_follow or story in self.to_poll or any(not e or e[-1]["k"] != "end" for e in story.follows)
