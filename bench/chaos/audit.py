"""What must be true of every accepted job, whatever died. Functions of what was seen; nothing is asked here."""

import hashlib
import json
from dataclasses import dataclass, field

LIVE = ("QUEUED", "RUNNING")
TERMINAL = ("DONE", "ERROR", "CANCELLED")
NOT_ALL_FILES = "Not all files could be handed back"


@dataclass
class Sighting:
    """An answer that told a job's state, and when it was asked for and came (one monotonic clock)."""

    asked: float
    answered: float
    status: str
    digest: str
    starts: int

    @classmethod
    def of(cls, asked, answered, job):
        return cls(asked, answered, job["status"], digest(job), job["starts"])


def digest(job):
    return hashlib.sha256(json.dumps(job, sort_keys=True).encode()).hexdigest()[:12]


@dataclass
class Cancel:
    """An answer to DELETE."""

    code: int
    status: str


@dataclass
class Story:
    """A job as its client knows it; the last fields are looked up when all is over."""

    key: str
    body: dict
    stdout: str
    stderr: str = ""
    exit_code: int = 0
    file: str = None
    endless: bool = False  # it ends by a cancel only
    client: str = "127.0.0.1"
    cancel_after: float = None
    ids: list = field(default_factory=list)
    accepted_at: float = None
    sightings: list = field(default_factory=list)
    follows: list = field(default_factory=list)  # each: the events that one reader saw, over all its connections
    cancels: list = field(default_factory=list)

    finals: list = field(default_factory=list)  # the job, as each HTTP node tells it; None: it does not know it
    log: list = field(default_factory=list)  # its events by SSE, from the first
    raw: list = field(default_factory=list)  # its events in Redis
    stored: dict = field(default_factory=dict)  # its hash in Redis
    ends: list = field(default_factory=list)  # the states told to the stream of ends
    files: dict = field(default_factory=dict)
    replay: str = None  # the id that the same request with the same key gets now

    @property
    def id(self):
        return self.ids[0] if self.ids else None


def place(event):
    fence, n = event["id"].split("-")
    return int(fence), int(n)


def check(story, drains=0, was_full=False):
    """All that is wrong with one job, as sentences. drains: how often a runner was stopped, and may have given it back."""
    if not story.ids:
        return ["never accepted: the client repeated its request in vain"]
    wrong = one_job(story)
    if not story.finals or any(f is None for f in story.finals):
        return [*wrong, "lost: it was accepted, and a node does not know it"]
    final = story.finals[0]
    if any(f != final for f in story.finals):
        wrong.append("two results: two nodes tell it differently")
    if final["status"] not in TERMINAL:
        return [*wrong, f"stuck: it is {final['status']}"]
    wrong += went_back(story, digest(final))
    wrong += check_log(story.log)
    wrong += followed(story)
    if story.ends != [final["status"]]:
        wrong.append(f"ends told: {story.ends}, not once {final['status']}")
    if not wrong:
        wrong += check_result(story, final, drains, was_full)
        wrong += check_cancel(story, final)
    return wrong


def one_job(story):
    ids = set(story.ids) | ({story.replay} if story.replay else set())
    return [f"one key, {len(ids)} jobs: {sorted(ids)}"] if len(ids) > 1 else []


def went_back(story, last):
    """A state seen after a terminal one must be the same, and so must every field of it."""
    wrong = []
    ended = None
    for s in sorted(story.sightings, key=lambda s: s.answered):
        if s.status in TERMINAL:
            ended = min(ended, s.answered) if ended else s.answered
            if s.digest != last:
                wrong.append(f"two results: {s.status} was seen with other content than it has now")
    for s in story.sightings:
        if ended and s.asked > ended and s.status in LIVE:
            wrong.append(f"went back: {s.status} was seen after its end")
    return wrong


def check_log(log):
    """Gap-free and fenced: QUEUED, then starts, each with a greater fence and contiguous numbers, then one end."""
    if not log:
        return ["its log is empty"]
    wrong = []
    if (log[0]["id"], log[0]["k"], log[0]["d"]) != ("0-1", "state", "QUEUED"):
        wrong.append(f"its log begins with {log[0]['id']} {log[0]['k']}")
    ends = [e for e in log if e["k"] == "end"]
    if len(ends) != 1 or log[-1]["k"] != "end":
        wrong.append(f"{len(ends)} end events, the last event is {log[-1]['k']}")
    queued = True
    for before, e in zip(log, log[1:], strict=False):
        (old, m), (fence, n) = place(before), place(e)
        if (fence, n) <= (old, m):
            wrong.append(f"event {e['id']} comes after {before['id']}")
        elif fence == old and n != m + 1:
            wrong.append(f"gap between {before['id']} and {e['id']}")
        starts = e["k"] == "state" and e["d"] == "RUNNING"
        if starts != (fence != old) or (starts and (not queued or n != 1)):
            wrong.append(f"not fenced: {e['id']} {e['k']} after {before['id']} {before['k']}")
        if queued and not starts and e["k"] != "end":
            wrong.append(f"{e['id']} {e['k']} while it was queued")
        queued = (queued or e["k"] == "requeued") and not starts
    return wrong


def followed(story):
    """What readers saw over all their connections is the log from its first event on, each event once."""
    wrong = []
    if [(e["id"], e["k"], e["d"]) for e in story.log] != [(e["id"], e["k"], e["d"]) for e in story.raw]:
        wrong.append("its log by SSE is not its log in Redis")
    for seen in story.follows:
        if seen == story.log[: len(seen)]:
            if len(seen) < len(story.log):
                wrong.append(f"a reader heard {len(seen)} of {len(story.log)} events, and never its end")
        else:
            at = next((i for i, (a, b) in enumerate(zip(seen, story.log, strict=False)) if a != b), len(story.log))
            wrong.append(f"a reader saw another log, from its event {at + 1} of {len(seen)}: {seen[at : at + 2]}")
    return wrong


def starts_of(log):
    """The events of each start."""
    starts = {}
    for e in log:
        if place(e)[0]:
            starts.setdefault(place(e)[0], []).append(e)
    return list(starts.values())


def text(events, kind):
    return "".join(e["d"] for e in events if e["k"] == kind)


def check_result(story, final, drains, was_full):
    wrong = []
    status, starts = final["status"], starts_of(story.log)
    for events in starts:
        if not story.stdout.startswith(text(events, "out")):
            wrong.append(f"the output of start {place(events[0])[0]} has a hole")
        if not story.cancels and not story.stderr.startswith(text(events, "err")):
            wrong.append(f"the errors of start {place(events[0])[0]} have a hole")
    last = starts[-1] if starts else []
    if any(e["k"] == "requeued" for e in last):
        last = []  # what was shown of it is cleared
    if final["stdout"] != text(last, "out") or final["stdout_bytes"] != len(final["stdout"].encode()):
        wrong.append("its stdout is not that of its last start")
    if story.log[-1]["d"] != status:
        wrong.append(f"its log ends with {story.log[-1]['d']}, and it is {status}")
    if story.log[-1].get("job", {}).get("status") != status:
        wrong.append("its end event tells another job")
    most = story.body.get("max_starts", 2)
    if not final["starts"] <= min(most, len(starts)) or len(starts) > final["starts"] + drains:
        wrong.append(f"{len(starts)} starts in its log, {final['starts']} told, {most} allowed")
    if status == "ERROR" and (final["error"]["code"] != "WORKER_LOST" or final["starts"] != most):
        wrong.append(f"ERROR {final['error']['code']} after {final['starts']} of {most} starts")
    if status == "DONE":
        wrong += check_done(story, final, last, was_full)
    return wrong


def check_done(story, final, last, was_full):
    wrong = []
    outcome = ("OK" if story.exit_code == 0 else "RUNTIME_ERROR", story.exit_code)
    if (final["outcome"], final["exit_code"]) != outcome:
        wrong.append(f"DONE {final['outcome']} {final['exit_code']}, not {outcome}: {final['message']}")
    elif text(last, "out") != story.stdout or text(last, "err") != story.stderr:
        wrong.append("DONE, and its output is not whole")
    told = [f["path"] for f in final["files"]]
    if sorted(story.files) != sorted(told):
        wrong.append(f"files that are told and cannot be read: {told}")
    if story.file is not None and story.files.get("out.txt") != story.file:
        # A full Redis refuses files, and the result says so.
        if not (was_full and NOT_ALL_FILES in final["message"] and not told):
            wrong.append(f"its file is not whole: {told}, {final['message']}")
    return wrong


def check_cancel(story, final):
    wrong = []
    status = final["status"]
    if status == "CANCELLED" and not story.cancels:
        wrong.append("CANCELLED, and nobody asked for it")
    asked = story.stored.get("cancel")
    for c in story.cancels:
        if c.code == 200 and c.status != status:
            wrong.append(f"a cancel was answered {c.status}, and it is {status}")
        if c.code == 202 and not asked:
            wrong.append("a cancel was accepted and forgotten")
    if asked and any(place(events[0])[0] > int(asked) for events in starts_of(story.log)):
        wrong.append("it was started after its cancel")
    if story.endless and status == "DONE":
        wrong.append("an endless job is DONE")
    return wrong


def check_store(left, stories, stored_ids):
    """What Redis still holds when every job has ended. left: how many members each of its queues has."""
    wrong = [f"{count} left in {key}" for key, count in sorted(left.items()) if count]
    known = {s.id for s in stories}
    orphans = sorted(set(stored_ids) - known)
    if orphans:
        wrong.append(f"{len(orphans)} jobs that no client was told of: {orphans[:5]}")
    return wrong
