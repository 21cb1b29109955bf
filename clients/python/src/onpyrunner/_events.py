"""A job's events, in order, each once, over as many connections as it takes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, Optional, Protocol, Tuple, TypeVar

from httpx_sse import ServerSentEvent

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Event:
    """One thing that happened to a job.

    ``kind`` is ``state`` (``text`` is the state), ``out``, ``err``, ``in`` (what was typed), ``need_input`` (the program waits for
    input), ``note`` (what is done before it starts, in a sentence), ``requeued`` (a worker was lost: what was shown is void, the program starts again) or ``end`` (the last one; ``text`` is
    the final state). A newer server may have others: pass over them. ``at_ms`` counts from the start. ``raw`` is all that the
    server said.
    """

    id: str
    kind: str
    text: str
    at_ms: int
    raw: Mapping[str, Any] = field(repr=False, compare=False)


class Reader(Protocol[T_co]):
    """What is read of a stream, over as many connections as it takes, until it is ``over``."""

    over: bool

    def headers(self) -> Dict[str, str]: ...

    def take(self, sse: ServerSentEvent) -> Optional[T_co]: ...


class Cursor:
    """Where a reader is in the log. Ids are two numbers that grow."""

    def __init__(self, after: Optional[str]) -> None:
        self._last = after
        self._place = _place(after) if after else (-1, -1)
        self.over = False

    def headers(self) -> Dict[str, str]:
        return {"Accept": "text/event-stream", **({"Last-Event-ID": self._last} if self._last else {})}

    def take(self, sse: ServerSentEvent) -> Optional[Event]:
        """The event; None for a sign of life, and for one that was there before."""
        if not sse.data:
            return None
        raw = json.loads(sse.data)
        place = _place(raw["id"])
        if place <= self._place:
            return None
        self._last, self._place = raw["id"], place
        self.over = raw["k"] == "end"
        return Event(raw["id"], raw["k"], str(raw.get("d", "")), int(raw.get("t", 0)), raw)


def _place(event_id: str) -> Tuple[int, int]:
    fence, _, number = event_id.partition("-")
    return int(fence), int(number)
