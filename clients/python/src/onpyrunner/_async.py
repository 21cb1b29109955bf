"""The client for async programs, over asyncio or trio."""

from __future__ import annotations

import os
import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, AsyncIterator, Iterable, List, Mapping, Optional, Tuple, Type, TypeVar, Union

import anyio
import anyio.to_thread
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


class AsyncClient:
    """Talks to one server. Close it, or use it in an ``async with``.

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
        self._http = httpx.AsyncClient(headers=self._api.headers, verify=verify)

    def __repr__(self) -> str:
        return f"AsyncClient({self._api.url!r})"

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def run(self, source: Optional[Source] = None, *, timeout_s: Optional[float] = None, **options: Unpack[JobOptions]) -> AsyncResult:
        """Runs a program (a text, or a Path to read it from) and returns its result.

        Raises WaitTimeout after ``timeout_s``; the job goes on then.
        """
        return self._result(await self._do(self._api.run(source, options, timeout_s)))

    async def submit(self, source: Optional[Source] = None, **options: Unpack[JobOptions]) -> AsyncJob:
        """Posts a program, without waiting for it."""
        return AsyncJob((await self._do(self._api.submit(source, options, None)))["id"], self)

    def job(self, job_id: str) -> AsyncJob:
        """A job of which the id is known."""
        return AsyncJob(job_id, self)

    async def batch(self, source: Optional[Source], cases: Iterable[CaseOptions], **options: Unpack[JobOptions]) -> AsyncBatch:
        """Posts one program with many inputs (up to 1,000), without waiting: ``batch(program, [{"stdin": "1"}, …])``.

        ``options`` are those of every job. When there is no room for all, some cases have a ``problem``; the same call again with the same
        ``idempotency_key`` adds only them.
        """
        return AsyncBatch((await self._do(self._api.submit_batch(source, cases, options)))["id"], self)

    def known_batch(self, batch_id: str) -> AsyncBatch:
        """A batch of which the id is known."""
        return AsyncBatch(batch_id, self)

    async def runtimes(self) -> List[Runtime]:
        """What programs can be run by, the default first."""
        return await self._do(self._api.runtimes())

    def _result(self, job: Mapping[str, Any]) -> AsyncResult:
        files = tuple(AsyncFile(f["path"], f["size_bytes"], f["media_type"], job["id"], self) for f in job["files"])
        return AsyncResult(**read(job), files=files, _client=self)

    async def _do(self, flow: Flow[T]) -> T:
        came: Failure = None
        while True:
            try:
                step: Step = flow.send(came)
            except StopIteration as end:
                result: T = end.value
                return result
            came = None
            if isinstance(step, Pause):
                await anyio.sleep(step.seconds)
                continue
            try:
                came = await self._http.send(self._api.build(self._http, step))
            except httpx.TransportError as error:
                came = error

    async def _stream(self, path: str, reader: Reader[T]) -> AsyncIterator[T]:
        attempts = self._api.attempts()
        while True:
            failure: Failure = None
            opened = time.monotonic()
            request = self._api.build(self._http, Call("GET", path, headers=reader.headers()))
            try:
                response = await self._http.send(request, stream=True)
                try:
                    if response.status_code != 200:
                        await response.aread()
                        failure = response
                    else:
                        async for sse in EventSource(response).aiter_sse():
                            event = reader.take(sse)
                            if event is not None:
                                attempts.got_on()
                                yield event
                            if reader.over:
                                return
                finally:
                    await response.aclose()
            except httpx.TransportError as error:
                failure = error
            if time.monotonic() - opened > self._api.retry.longest_s:
                attempts.got_on()
            await anyio.sleep(attempts.pause_s(failure))


@dataclass(frozen=True)
class AsyncJob:
    """A job on the server; it lives on without this object."""

    id: str
    _client: AsyncClient = field(repr=False, compare=False)

    async def get(self) -> AsyncResult:
        """The job as it is now; while it runs, with its output so far."""
        return self._client._result(await self._client._do(self._client._api.get(self.id)))

    async def wait(self, timeout_s: Optional[float] = None) -> AsyncResult:
        """Waits for its end. Raises WaitTimeout; the job goes on then."""
        return self._client._result(await self._client._do(self._client._api.wait(self.id, timeout_s)))

    def events(self, after: Optional[str] = None) -> AsyncIterator[Event]:
        """What happens, from the beginning or after an event's id, until ``end``: no gap and no repeat over lost connections."""
        return self._client._stream(job_path(self.id, "events"), Cursor(after))

    async def send_input(self, data: Union[str, bytes], *, eof: bool = False) -> None:
        """Types into an interactive program; with ``eof``, nothing follows."""
        await self._client._do(self._client._api.send_input(self.id, data, eof))

    async def close_input(self) -> None:
        """Ends an interactive program's input."""
        await self.send_input(b"", eof=True)

    async def signal(self, name: Literal["INT", "TERM", "KILL"]) -> None:
        """Sends a running program a signal."""
        await self._client._do(self._client._api.signal(self.id, name))

    async def cancel(self) -> AsyncResult:
        """Stops the job, SIGINT first. It may take a moment: ``wait()`` for the end."""
        return self._client._result(await self._client._do(self._client._api.cancel(self.id)))


@dataclass(frozen=True)
class AsyncBatch:
    """Jobs that were posted together; they live on without this object."""

    id: str
    _client: AsyncClient = field(repr=False, compare=False)

    async def get(self) -> BatchState:
        """All of them as they are now."""
        return await self._client._do(self._client._api.get_batch(self.id))

    async def wait(self, timeout_s: Optional[float] = None) -> BatchState:
        """Waits until all have ended. Raises WaitTimeout; they go on then."""
        return await self._client._do(self._client._api.wait_batch(self.id, timeout_s))

    def results(self) -> AsyncIterator[Case]:
        """Each case as it ends, once, over lost connections."""
        return self._client._stream(batch_path(self.id, "events"), Ends())

    async def cancel(self) -> BatchState:
        """Stops all of them. It may take a moment: ``wait()`` for the end."""
        return await self._client._do(self._client._api.cancel_batch(self.id))


@dataclass(frozen=True)
class AsyncFile:
    """A file that a job hands back, as long as the job is kept."""

    path: str
    size_bytes: int
    media_type: str
    _job_id: str = field(repr=False)
    _client: AsyncClient = field(repr=False, compare=False)

    async def read(self) -> bytes:
        return await self._client._do(self._client._api.content(self._job_id, "files", *self.path.split("/")))

    async def save(self, folder: Union[str, "os.PathLike[str]"] = ".", *, overwrite: bool = False) -> Path:
        """Saves it at its path below a folder; a file that is there is an error, unless it may be overwritten."""
        content = await self.read()
        return await anyio.to_thread.run_sync(_save.save, content, self.path, folder, overwrite)


@dataclass(frozen=True)
class AsyncResult(JobState):
    """A job as it was when the server was asked, with its files."""

    files: Tuple[AsyncFile, ...] = ()
    _client: Optional[AsyncClient] = field(default=None, repr=False, compare=False)

    def check(self) -> AsyncResult:
        """Itself, if ``ok``; else raises JobFailed."""
        self._check()
        return self

    async def read_stdout(self) -> bytes:
        """The exact bytes of its output, as long as the job is kept."""
        return await self._content("stdout")

    async def read_stderr(self) -> bytes:
        """The exact bytes of its errors, as long as the job is kept."""
        return await self._content("stderr")

    async def _content(self, name: str) -> bytes:
        assert self._client is not None
        return await self._client._do(self._client._api.content(self.id, name))
