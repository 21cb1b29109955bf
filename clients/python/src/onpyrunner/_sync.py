"""The client that blocks."""

from __future__ import annotations

import os
import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple, Type, TypeVar, Union

import httpx
from httpx_sse import EventSource

from . import _save
from ._batch import BatchState, Case, Ends
from ._events import Cursor, Event, Reader
from ._flows import Api, Call, Flow, Pause, Step, batch_path, job_path
from ._job import JobState, Runtime, read
from ._retry import Failure, Retry

if TYPE_CHECKING:
    from typing_extensions import Literal, Unpack

    from ._request import CaseOptions, JobOptions

T = TypeVar("T")
Source = Union[str, "os.PathLike[str]"]


class Client:
    """Talks to one server. May be shared by threads; close it, or use it in a ``with``.

    ``url`` is by default ``ONPY_URL``, else http://127.0.0.1:8080; ``api_key`` is ``ONPY_API_KEY``, else none. ``timeout_s`` is for one
    answer, beyond the time that it is asked to wait. ``verify`` is an SSL context for a certificate of an authority of your own.
    """

    def __init__(
        self,
        url: Optional[str] = None,
        *,
        api_key: Optional[str] = None,
        retry: Optional[Retry] = None,
        timeout_s: float = 30.0,
        verify: Union[bool, ssl.SSLContext] = True,
    ) -> None:
        self._api = Api(url, api_key, retry, timeout_s)
        self._http = httpx.Client(headers=self._api.headers, verify=verify)

    def __repr__(self) -> str:
        return f"Client({self._api.url!r})"

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def run(self, source: Optional[Source] = None, *, timeout_s: Optional[float] = None, **options: Unpack[JobOptions]) -> Result:
        """Runs a program (a text, or a Path to read it from) and returns its result.

        Raises WaitTimeout after ``timeout_s``; the job goes on then.
        """
        return self._result(self._do(self._api.run(source, options, timeout_s)))

    def submit(self, source: Optional[Source] = None, **options: Unpack[JobOptions]) -> Job:
        """Posts a program, without waiting for it."""
        return Job(self._do(self._api.submit(source, options, None))["id"], self)

    def job(self, job_id: str) -> Job:
        """A job of which the id is known."""
        return Job(job_id, self)

    def batch(self, source: Optional[Source], cases: Iterable[CaseOptions], **options: Unpack[JobOptions]) -> Batch:
        """Posts one program with many inputs (up to 1,000), without waiting: ``batch(program, [{"stdin": "1"}, …])``.

        ``options`` are those of every job. When there is no room for all, some cases have a ``problem``; the same call again with the same
        ``idempotency_key`` adds only them.
        """
        return Batch((self._do(self._api.submit_batch(source, cases, options)))["id"], self)

    def known_batch(self, batch_id: str) -> Batch:
        """A batch of which the id is known."""
        return Batch(batch_id, self)

    def runtimes(self) -> List[Runtime]:
        """What programs can be run by, the default first."""
        return self._do(self._api.runtimes())

    def _result(self, job: Mapping[str, Any]) -> Result:
        files = tuple(File(f["path"], f["size_bytes"], f["media_type"], job["id"], self) for f in job["files"])
        return Result(**read(job), files=files, _client=self)

    def _do(self, flow: Flow[T]) -> T:
        came: Failure = None
        while True:
            try:
                step: Step = flow.send(came)
            except StopIteration as end:
                result: T = end.value
                return result
            came = None
            if isinstance(step, Pause):
                time.sleep(step.seconds)
                continue
            try:
                came = self._http.send(self._api.build(self._http, step))
            except httpx.TransportError as error:
                came = error

    def _stream(self, path: str, reader: Reader[T]) -> Iterator[T]:
        attempts = self._api.attempts()
        while True:
            failure: Failure = None
            opened = time.monotonic()
            request = self._api.build(self._http, Call("GET", path, headers=reader.headers()))
            try:
                response = self._http.send(request, stream=True)
                try:
                    if response.status_code != 200:
                        response.read()
                        failure = response
                    else:
                        for sse in EventSource(response).iter_sse():
                            event = reader.take(sse)
                            if event is not None:
                                attempts.got_on()
                                yield event
                            if reader.over:
                                return
                finally:
                    response.close()
            except httpx.TransportError as error:
                failure = error
            if time.monotonic() - opened > self._api.retry.longest_s:
                attempts.got_on()
            time.sleep(attempts.pause_s(failure))


@dataclass(frozen=True)
class Job:
    """A job on the server; it lives on without this object."""

    id: str
    _client: Client = field(repr=False, compare=False)

    def get(self) -> Result:
        """The job as it is now; while it runs, with its output so far."""
        return self._client._result(self._client._do(self._client._api.get(self.id)))

    def wait(self, timeout_s: Optional[float] = None) -> Result:
        """Waits for its end. Raises WaitTimeout; the job goes on then."""
        return self._client._result(self._client._do(self._client._api.wait(self.id, timeout_s)))

    def events(self, after: Optional[str] = None) -> Iterator[Event]:
        """What happens, from the beginning or after an event's id, until ``end``: no gap and no repeat over lost connections."""
        return self._client._stream(job_path(self.id, "events"), Cursor(after))

    def send_input(self, data: Union[str, bytes], *, eof: bool = False) -> None:
        """Types into an interactive program; with ``eof``, nothing follows."""
        self._client._do(self._client._api.send_input(self.id, data, eof))

    def close_input(self) -> None:
        """Ends an interactive program's input."""
        self.send_input(b"", eof=True)

    def signal(self, name: Literal["INT", "TERM", "KILL"]) -> None:
        """Sends a running program a signal."""
        self._client._do(self._client._api.signal(self.id, name))

    def cancel(self) -> Result:
        """Stops the job, SIGINT first. It may take a moment: ``wait()`` for the end."""
        return self._client._result(self._client._do(self._client._api.cancel(self.id)))


@dataclass(frozen=True)
class Batch:
    """Jobs that were posted together; they live on without this object."""

    id: str
    _client: Client = field(repr=False, compare=False)

    def get(self) -> BatchState:
        """All of them as they are now."""
        return self._client._do(self._client._api.get_batch(self.id))

    def wait(self, timeout_s: Optional[float] = None) -> BatchState:
        """Waits until all have ended. Raises WaitTimeout; they go on then."""
        return self._client._do(self._client._api.wait_batch(self.id, timeout_s))

    def results(self) -> Iterator[Case]:
        """Each case as it ends, once, over lost connections."""
        return self._client._stream(batch_path(self.id, "events"), Ends())

    def cancel(self) -> BatchState:
        """Stops all of them. It may take a moment: ``wait()`` for the end."""
        return self._client._do(self._client._api.cancel_batch(self.id))


@dataclass(frozen=True)
class File:
    """A file that a job hands back, as long as the job is kept."""

    path: str
    size_bytes: int
    media_type: str
    _job_id: str = field(repr=False)
    _client: Client = field(repr=False, compare=False)

    def read(self) -> bytes:
        return self._client._do(self._client._api.content(self._job_id, "files", *self.path.split("/")))

    def save(self, folder: Union[str, "os.PathLike[str]"] = ".", *, overwrite: bool = False) -> Path:
        """Saves it at its path below a folder; a file that is there is an error, unless it may be overwritten."""
        return _save.save(self.read(), self.path, folder, overwrite)


@dataclass(frozen=True)
class Result(JobState):
    """A job as it was when the server was asked, with its files."""

    files: Tuple[File, ...] = ()
    _client: Optional[Client] = field(default=None, repr=False, compare=False)

    def check(self) -> Result:
        """Itself, if ``ok``; else raises JobFailed."""
        self._check()
        return self

    def read_stdout(self) -> bytes:
        """The exact bytes of its output, as long as the job is kept."""
        return self._content("stdout")

    def read_stderr(self) -> bytes:
        """The exact bytes of its errors, as long as the job is kept."""
        return self._content("stderr")

    def _content(self, name: str) -> bytes:
        assert self._client is not None
        return self._client._do(self._client._api.content(self.id, name))


_shared: Dict[Tuple[int, Optional[str], Optional[str]], Client] = {}


def run(source: Optional[Source] = None, *, timeout_s: Optional[float] = None, **options: Unpack[JobOptions]) -> Result:
    """``Client().run``, with a client that the process keeps."""
    # Connections must not be shared with a forked process.
    key = (os.getpid(), os.environ.get("ONPY_URL"), os.environ.get("ONPY_API_KEY"))
    client = _shared.get(key)
    if client is None:
        client = _shared.setdefault(key, Client())
    return client.run(source, timeout_s=timeout_s, **options)
