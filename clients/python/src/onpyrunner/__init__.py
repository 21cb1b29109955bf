"""Runs Python programs on an OnPyRunner server: ``run("print(1)").stdout``."""

from ._async import AsyncClient, AsyncFile, AsyncJob, AsyncResult
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
from ._request import ExpectOptions, JobOptions, LimitOptions
from ._retry import Retry
from ._sync import Client, File, Job, Result, run

__all__ = [
    "AsyncClient",
    "AsyncFile",
    "AsyncJob",
    "AsyncResult",
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
