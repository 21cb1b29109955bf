"""A job as the server tells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Dict, List, Mapping, Optional, Tuple

from ._errors import JobFailed


@dataclass(frozen=True)
class Usage:
    """What the program used."""

    wall_ms: int
    cpu_ms: int
    memory_peak_bytes: int
    queued_ms: int


@dataclass(frozen=True)
class Limits:
    """The limits that held for the job."""

    cpu_ms: int
    wall_ms: int
    idle_ms: int
    memory_bytes: int
    output_bytes: int
    processes: int
    disk_bytes: int


@dataclass(frozen=True)
class JobError:
    """Why the system, not the program, failed: the status is ``ERROR``."""

    code: str
    detail: str


@dataclass(frozen=True)
class JobState:
    """A job as it was when the server was asked.

    ``status`` is QUEUED, RUNNING, DONE, ERROR or CANCELLED. ``outcome`` says how a DONE job ended: OK, RUNTIME_ERROR,
    SIGNALED, CPU_LIMIT, WALL_LIMIT, MEMORY_LIMIT, OUTPUT_LIMIT or IDLE_LIMIT. ``stdout`` and ``stderr`` are text, in which bytes
    that are not UTF-8 are U+FFFD. ``matched`` is None when nothing was expected. ``raw`` is all that the server said.
    """

    id: str
    status: str
    outcome: Optional[str]
    exit_code: Optional[int]
    signal: Optional[str]
    message: str
    stdout: str
    stderr: str
    stdout_bytes: int
    stderr_bytes: int
    limits_hit: Tuple[str, ...]
    usage: Optional[Usage]
    limits: Limits
    runtime: str
    starts: int
    stack: Optional[str]
    matched: Optional[bool]
    error: Optional[JobError]
    created_at: datetime
    started_at: Optional[datetime]
    finished_at: Optional[datetime]
    expires_at: Optional[datetime]
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def ended(self) -> bool:
        """Whether it will not change any more."""
        return self.status in ENDED

    @property
    def ok(self) -> bool:
        """Whether the program came to its end with exit code 0."""
        return self.status == "DONE" and self.outcome == "OK"

    def _check(self) -> None:
        if not self.ok:
            last = self.stderr.strip().splitlines()[-1:]
            raise JobFailed(" ".join([f"{self.outcome or self.status}: {self.message}", *last]), self)


ENDED = frozenset({"DONE", "ERROR", "CANCELLED"})


@dataclass(frozen=True)
class Runtime:
    """A Python that programs can be run by: ``name`` is what a job's ``runtime`` says, ``packages`` has versions by name."""

    name: str
    description: str
    implementation: str
    version: str
    packages: Mapping[str, str]


def runtimes(found: Mapping[str, Any]) -> List[Runtime]:
    """The default one first."""
    return sorted((some(Runtime, r) for r in found["runtimes"]), key=lambda r: bool(r.name != found["default"]))


def read(job: Mapping[str, Any]) -> Dict[str, Any]:
    """The fields of a JobState. What a newer server adds is in ``raw``."""
    return {
        "id": job["id"],
        "status": job["status"],
        "outcome": job.get("outcome"),
        "exit_code": job.get("exit_code"),
        "signal": job.get("signal"),
        "message": job["message"],
        "stdout": job["stdout"],
        "stderr": job["stderr"],
        "stdout_bytes": job["stdout_bytes"],
        "stderr_bytes": job["stderr_bytes"],
        "limits_hit": tuple(job["limits_hit"]),
        "usage": some(Usage, job.get("usage")),
        "limits": some(Limits, job["limits"]),
        "runtime": job["runtime"],
        "starts": job["starts"],
        "stack": job.get("stack"),
        "matched": job.get("matched"),
        "error": some(JobError, job.get("error")),
        "created_at": _time(job["created_at"]),
        "started_at": _time(job.get("started_at")),
        "finished_at": _time(job.get("finished_at")),
        "expires_at": _time(job.get("expires_at")),
        "raw": job,
    }


def some(kind: Any, found: Optional[Mapping[str, Any]]) -> Any:
    return None if found is None else kind(**{name: found[name] for name in kind.__dataclass_fields__})


def _time(text: Optional[str]) -> Optional[datetime]:
    # Before 3.11, Python does not know the Z.
    return None if text is None else datetime.fromisoformat(text.replace("Z", "+00:00"))
