"""What can go wrong, one exception for each thing that a caller may want to handle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple, Type

import httpx


class OnPyRunnerError(Exception):
    """All errors of this package."""


class ConnectionFailed(OnPyRunnerError):
    """The server did not answer, however often it was tried."""


class WaitTimeout(OnPyRunnerError, TimeoutError):
    """The job had not ended in the time given. It goes on; ``job_id`` names it."""

    def __init__(self, job_id: str, seconds: float) -> None:
        super().__init__(f"Job {job_id} has not ended after {seconds:g} s. It goes on.")
        self.job_id = job_id


class JobFailed(OnPyRunnerError):
    """``Result.check()``: the program did not end with exit code 0. ``result`` says how it ended."""

    def __init__(self, message: str, result: Any) -> None:
        super().__init__(message)
        self.result = result


@dataclass(frozen=True)
class FieldError:
    """One wrong field of a request: a JSON pointer to it and a sentence."""

    pointer: str
    detail: str


class ProblemError(OnPyRunnerError):
    """The server refused: its problem (RFC 9457)."""

    def __init__(self, response: httpx.Response) -> None:
        problem = _json_object(response)
        self.status: int = response.status_code
        self.type: str = str(problem.get("type", "about:blank"))
        self.title: str = str(problem.get("title", response.reason_phrase or "Error"))
        self.detail: str = str(problem.get("detail", f"The server answered {response.status_code}."))
        self.errors: Tuple[FieldError, ...] = tuple(
            FieldError(str(e.get("pointer", "")), str(e.get("detail", ""))) for e in problem.get("errors", ()) if isinstance(e, dict)
        )
        self.request_id: Optional[str] = response.headers.get("X-Request-Id")
        self.retry_after_s: Optional[float] = retry_after_s(response)
        told = [e for e in self.errors if e.detail != self.detail]
        super().__init__("".join([f"{self.title}: {self.detail}", *(f"\n  {e.pointer}: {e.detail}" for e in told)]))


class InvalidJob(ProblemError):
    """400, 413 and 422: the request is wrong or too large. ``errors`` names each wrong field; nothing was queued."""


class NotAllowed(ProblemError):
    """401 and 403: the API key is missing, unknown, or may not do this."""


class NotFound(ProblemError):
    """404: there has never been such a job, or it hands back no such file."""


class Gone(ProblemError):
    """410: the job existed, and is no longer kept."""


class TooManyRequests(ProblemError):
    """429: this client has too many jobs, bytes or requests; ``retry_after_s`` says when to try again."""


class Unavailable(ProblemError):
    """503: the server cannot take jobs now."""


_KINDS: Dict[int, Type[ProblemError]] = {
    400: InvalidJob,
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    410: Gone,
    413: InvalidJob,
    422: InvalidJob,
    429: TooManyRequests,
    503: Unavailable,
}


def problem_of(response: httpx.Response) -> ProblemError:
    return _KINDS.get(response.status_code, ProblemError)(response)


def retry_after_s(response: httpx.Response) -> Optional[float]:
    """The header in seconds. Servers and proxies may also send a date; then the usual pause has to do."""
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isascii() and value.isdigit() else None


def _json_object(response: httpx.Response) -> Dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
