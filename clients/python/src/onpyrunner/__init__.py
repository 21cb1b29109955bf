"""Runs Python programs on an OnPyRunner server: ``run("print(1)").stdout``."""

from ._async import AsyncBatch, AsyncClient, AsyncFile, AsyncJob, AsyncResult
from ._batch import BatchState, Case
from ._errors import (
    ConnectionFailed,
    FieldError,
    Gone,
    InvalidJob,
    JobFailed,
    NotAllowed,
    NotFound,
    OnPyRunnerError,
    ProblemError,
    TooManyRequests,
    Unavailable,
    WaitTimeout,
)
from ._events import Event
from ._job import JobError, Limits, Runtime, Usage
from ._request import CaseOptions, ExpectOptions, JobOptions, LimitOptions
from ._retry import Retry
from ._sync import Batch, Client, File, Job, Result, run

__all__ = [
    "AsyncBatch",
    "AsyncClient",
    "AsyncFile",
    "AsyncJob",
    "AsyncResult",
    "Batch",
    "BatchState",
    "Case",
    "CaseOptions",
    "Client",
    "ConnectionFailed",
    "Event",
    "ExpectOptions",
    "FieldError",
    "File",
    "Gone",
    "InvalidJob",
    "Job",
    "JobError",
    "JobFailed",
    "JobOptions",
    "LimitOptions",
    "Limits",
    "NotAllowed",
    "NotFound",
    "OnPyRunnerError",
    "ProblemError",
    "Result",
    "Retry",
    "Runtime",
    "TooManyRequests",
    "Unavailable",
    "Usage",
    "WaitTimeout",
    "run",
]
