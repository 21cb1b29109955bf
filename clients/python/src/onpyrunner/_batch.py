"""A batch of jobs as the server tells it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, Optional, Set, Tuple

from httpx_sse import ServerSentEvent

from ._job import Usage, some


@dataclass(frozen=True)
class Case:
    """One job of a batch, in short; ``client.job(case.id).get()`` has the rest.

    ``index`` is its place in the request. There is ``problem``, and no ``id``, when there was no room for it. ``matched`` is None when
    nothing was expected. The others are a result's.
    """

    index: int
    id: Optional[str]
    status: Optional[str]
    outcome: Optional[str]
    exit_code: Optional[int]
    message: str
    matched: Optional[bool]
    usage: Optional[Usage]
    problem: Optional[Mapping[str, Any]] = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether the program came to its end with exit code 0, and wrote what was expected, if anything was."""
        return self.status == "DONE" and self.outcome == "OK" and self.matched is not False


@dataclass(frozen=True)
class BatchState:
    """A batch as it was when the server was asked. ``counts`` has jobs, queued, running, done, error, cancelled, refused and matched."""

    id: str
    ended: bool
    counts: Mapping[str, int]
    cases: Tuple[Case, ...]
    raw: Mapping[str, Any] = field(repr=False, compare=False)


def read_batch(found: Mapping[str, Any]) -> BatchState:
    return BatchState(found["id"], found["ended"], found["counts"], tuple(_case(job) for job in found["jobs"]), found)


def _case(job: Mapping[str, Any]) -> Case:
    problem = job.get("problem")
    return Case(
        index=job["index"],
        id=job.get("id"),
        status=job.get("status"),
        outcome=job.get("outcome"),
        exit_code=job.get("exit_code"),
        message=job.get("message") or (problem or {}).get("detail", ""),
        matched=job.get("matched"),
        usage=some(Usage, job.get("usage")),
        problem=problem,
    )


class Ends:
    """Which ends of a batch a reader has heard of. After a lost connection all are told again."""

    def __init__(self) -> None:
        self._seen: Set[int] = set()
        self.over = False

    def headers(self) -> Dict[str, str]:
        return {"Accept": "text/event-stream"}

    def take(self, sse: ServerSentEvent) -> Optional[Case]:
        """The job that has ended; None for a sign of life, one that was told before, and the end of all."""
        if not sse.data:
            return None
        if sse.event == "end":
            self.over = True
            return None
        case = _case(json.loads(sse.data))
        if case.index in self._seen:
            return None
        self._seen.add(case.index)
        return case
