"""When something is tried again, and after which pause."""

from __future__ import annotations

import random
import ssl
from dataclasses import dataclass
from typing import Optional, Union

import httpx

from ._errors import ConnectionFailed, problem_of, retry_after_s

_AGAIN = frozenset({429, 502, 503, 504})
_NEVER = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)

Failure = Union[httpx.Response, httpx.TransportError, None]


@dataclass(frozen=True)
class Retry:
    """How patient a client is. Pauses double from ``first_s`` to ``longest_s``, each shortened by chance.

    A server's ``Retry-After`` is honoured up to ``longest_after_s``; a longer one is an error at once.
    """

    attempts: int = 10
    first_s: float = 0.2
    longest_s: float = 5.0
    longest_after_s: float = 60.0


class Attempts:
    """Counts the tries of one thing since it last got on."""

    def __init__(self, retry: Retry, url: str) -> None:
        self._retry = retry
        self._url = url
        self._failed = 0

    def got_on(self) -> None:
        self._failed = 0

    def pause_s(self, failure: Failure) -> float:
        """How long to pause before the next try; raises when there is to be none.

        ``failure`` is None when a stream ended before its time.
        """
        self._failed += 1
        after: Optional[float] = None
        may = self._failed < self._retry.attempts
        if isinstance(failure, httpx.Response):
            after = retry_after_s(failure)
            if not may or failure.status_code not in _AGAIN or (after or 0) > self._retry.longest_after_s:
                raise problem_of(failure)
        elif not may or isinstance(failure, _NEVER) or _is_distrust(failure):
            raise ConnectionFailed(f"{self._url} does not answer: {failure or 'the connection was cut again and again'}") from failure
        usual = min(self._retry.longest_s, self._retry.first_s * 2.0 ** (self._failed - 1))
        # Jitter, so that clients that were refused together do not come back together.
        return (after or 0.0) + usual * random.uniform(0.5, 1.0)


def _is_distrust(failure: Optional[BaseException]) -> bool:
    """Whether the certificate was refused: that does not pass."""
    while failure is not None:
        if isinstance(failure, ssl.SSLCertVerificationError):
            return True
        failure = failure.__cause__ or failure.__context__
    return False
