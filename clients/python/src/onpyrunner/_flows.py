"""What is said to the server and when, apart from how it is sent: the same for both clients.

A flow yields what is to be done (a call, or a pause) and is sent what came of it.
"""

from __future__ import annotations

import os
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Dict, Generator, Iterable, List, Mapping, Optional, TypeVar, Union
from urllib.parse import quote

import httpx

from ._batch import BatchState, read_batch
from ._errors import OnPyRunnerError, WaitTimeout
from ._job import ENDED, Runtime, runtimes
from ._request import CaseOptions, JobOptions, batch_body, body
from ._retry import Attempts, Retry

DEFAULT_URL = "http://127.0.0.1:8080"
_LONGEST_WAIT_S = 20

T = TypeVar("T")


@dataclass(frozen=True)
class Call:
    """One request. ``wait_s`` is how long its answer may take beyond the usual."""

    method: str
    path: str
    params: Mapping[str, Union[str, int]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Optional[Mapping[str, Any]] = None
    content: Optional[bytes] = None
    wait_s: float = 0.0


@dataclass(frozen=True)
class Pause:
    """Nothing, for some seconds."""

    seconds: float


Step = Union[Call, Pause]
Came = Union[httpx.Response, httpx.TransportError, None]
Flow = Generator[Step, Came, T]


class Api:
    """A server's address, and what is known about talking to it."""

    def __init__(self, url: Optional[str], api_key: Optional[str], retry: Optional[Retry], timeout_s: float) -> None:
        self.url = (url or os.environ.get("ONPY_URL") or DEFAULT_URL).rstrip("/")
        if not self.url.startswith(("http://", "https://")):
            raise ValueError(f"the address must begin with http:// or https://, not {self.url!r}")
        if httpx.URL(self.url).userinfo:
            raise ValueError("the address must have no password in it: it would be shown in errors; there is api_key")
        self.retry = retry or Retry()
        self.timeout_s = timeout_s
        key = api_key or os.environ.get("ONPY_API_KEY")
        self.headers = {"User-Agent": "onpyrunner-python", **({"Authorization": f"Bearer {key}"} if key else {})}

    def attempts(self) -> Attempts:
        return Attempts(self.retry, self.url)

    def build(self, http: Union[httpx.Client, httpx.AsyncClient], call: Call) -> httpx.Request:
        return http.build_request(
            call.method,
            self.url + call.path,
            params=dict(call.params) or None,
            headers=dict(call.headers),
            json=call.json,
            content=call.content,
            timeout=httpx.Timeout(self.timeout_s, read=self.timeout_s + call.wait_s),
        )

    def send(self, call: Call) -> Flow[httpx.Response]:
        """Sends until there is an answer. Only for calls that may be repeated: all of them here have a key or need none."""
        attempts = self.attempts()
        while True:
            came = yield call
            if isinstance(came, httpx.Response) and came.is_success:
                return came
            yield Pause(attempts.pause_s(came))

    def submit(self, source: Optional[Union[str, "os.PathLike[str]"]], options: JobOptions, wait_s: Optional[float]) -> Flow[Dict[str, Any]]:
        """Posts a job; ``wait_s`` is how long its end may take to be part of the answer."""
        key = options.get("idempotency_key") or uuid.uuid4().hex
        wait = 0 if wait_s is None else int(min(_LONGEST_WAIT_S, wait_s))
        call = Call(
            "POST",
            "/v1/jobs",
            params={"wait": wait} if wait else {},
            headers={"Idempotency-Key": key},
            json=body(source, options),
            wait_s=wait,
        )
        return _job((yield from self.send(call)))

    def get(self, job_id: str) -> Flow[Dict[str, Any]]:
        return _job((yield from self.send(Call("GET", job_path(job_id)))))

    def submit_batch(
        self, source: Optional[Union[str, "os.PathLike[str]"]], cases: Iterable[CaseOptions], options: JobOptions
    ) -> Flow[Dict[str, Any]]:
        key = options.get("idempotency_key") or uuid.uuid4().hex
        call = Call("POST", "/v1/batches", headers={"Idempotency-Key": key}, json=batch_body(source, cases, options))
        return _job((yield from self.send(call)))

    def get_batch(self, batch_id: str) -> Flow[BatchState]:
        return read_batch(_job((yield from self.send(Call("GET", batch_path(batch_id))))))

    def cancel_batch(self, batch_id: str) -> Flow[BatchState]:
        return read_batch(_job((yield from self.send(Call("DELETE", batch_path(batch_id))))))

    def wait_batch(self, batch_id: str, timeout_s: Optional[float]) -> Flow[BatchState]:
        end = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            asked = time.monotonic()
            left = _LONGEST_WAIT_S if end is None else end - asked
            wait = int(max(0, min(_LONGEST_WAIT_S, left)))
            batch = _job((yield from self.send(Call("GET", batch_path(batch_id), params={"wait": wait}, wait_s=wait))))
            if batch["ended"]:
                return read_batch(batch)
            now = time.monotonic()
            if end is not None and now >= end:
                raise WaitTimeout(batch_id, timeout_s or 0.0)
            if now - asked < 1:  # from a server that lets no more requests wait, or for the last part of a second
                yield Pause(1.0 if end is None else min(1.0, end - now))

    def wait(self, job_id: str, timeout_s: Optional[float]) -> Flow[Dict[str, Any]]:
        end = None if timeout_s is None else time.monotonic() + timeout_s
        status = None
        while True:
            asked = time.monotonic()
            left = _LONGEST_WAIT_S if end is None else end - asked
            wait = int(max(0, min(_LONGEST_WAIT_S, left)))
            job = _job((yield from self.send(Call("GET", job_path(job_id), params={"wait": wait}, wait_s=wait))))
            if job["status"] in ENDED:
                return job
            now = time.monotonic()
            if end is not None and now >= end:
                raise WaitTimeout(job_id, timeout_s or 0.0)
            # The answer comes at a change of state; before it only from a server that lets no more requests wait.
            if job["status"] == status and now - asked < 1:
                yield Pause(1.0 if end is None else min(1.0, end - now))
            status = job["status"]

    def run(
        self, source: Optional[Union[str, "os.PathLike[str]"]], options: JobOptions, timeout_s: Optional[float]
    ) -> Flow[Dict[str, Any]]:
        begin = time.monotonic()
        job = yield from self.submit(source, options, _LONGEST_WAIT_S if timeout_s is None else timeout_s)
        if job["status"] in ENDED:
            return job
        if timeout_s is None:
            return (yield from self.wait(job["id"], None))
        try:
            return (yield from self.wait(job["id"], max(0.0, timeout_s - (time.monotonic() - begin))))
        except WaitTimeout:
            raise WaitTimeout(job["id"], timeout_s) from None

    def send_input(self, job_id: str, data: Union[str, bytes], eof: bool) -> Flow[None]:
        content = data.encode("utf-8") if isinstance(data, str) else data
        if not content and not eof:
            return
        yield from self.send(
            Call(
                "POST",
                job_path(job_id, "stdin"),
                params={"eof": "true"} if eof else {},
                headers={"Idempotency-Key": uuid.uuid4().hex},
                content=content,
            )
        )

    def signal(self, job_id: str, name: str) -> Flow[None]:
        yield from self.send(
            Call("POST", job_path(job_id, "signal"), headers={"Idempotency-Key": uuid.uuid4().hex}, json={"signal": name})
        )

    def cancel(self, job_id: str) -> Flow[Dict[str, Any]]:
        return _job((yield from self.send(Call("DELETE", job_path(job_id)))))

    def runtimes(self) -> Flow[List[Runtime]]:
        return runtimes((yield from self.send(Call("GET", "/v1/runtimes"))).json())

    def content(self, job_id: str, *steps: str) -> Flow[bytes]:
        return (yield from self.send(Call("GET", job_path(job_id, *steps)))).content


def job_path(job_id: str, *steps: str) -> str:
    return _path("/v1/jobs", job_id, *steps)


def batch_path(batch_id: str, *steps: str) -> str:
    return _path("/v1/batches", batch_id, *steps)


def _path(beginning: str, *steps: str) -> str:
    return "/".join([beginning, *(quote(step, safe="") for step in steps)])


def _job(response: httpx.Response) -> Dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        found = None
    if not isinstance(found, dict) or "id" not in found:
        raise OnPyRunnerError(f"{response.request.url} is not an OnPyRunner: its answer is no job")
    return found
