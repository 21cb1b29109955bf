"""What a caller gives, as the JSON that the server takes."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any, Dict, Iterable, Literal, Mapping, Optional, Sequence, Set, TypedDict, Union, cast

Content = Union[str, bytes, "os.PathLike[str]"]


class LimitOptions(TypedDict, total=False):
    """Limits of one job; what is left out has the server's default."""

    cpu_ms: int
    wall_ms: int
    idle_ms: int
    memory_bytes: int
    output_bytes: int
    processes: int
    disk_bytes: int


class _ExpectOptions(TypedDict, total=False):
    compare: Literal["exact", "tokens", "numbers"]
    tolerance: float


class ExpectOptions(_ExpectOptions):
    """What the program should write; the result then has ``matched``."""

    stdout: str


class JobOptions(TypedDict, total=False):
    """What a job may be given besides its source.

    ``files`` are placed in the working directory, by path; their content is text, bytes, or a Path to read it from.
    ``idempotency_key``: the same request with the same key is the same job; left out, each call has a new one.
    """

    files: Mapping[str, Content]
    entry: str
    stdin: Union[str, bytes]
    args: Sequence[str]
    env: Mapping[str, str]
    runtime: str
    limits: LimitOptions
    interactive: bool
    collect: Union[str, Sequence[str]]
    priority: int
    retention_s: int
    max_starts: int
    expect: ExpectOptions
    idempotency_key: str


class CaseOptions(TypedDict, total=False):
    """What one job of a batch has of its own."""

    files: Mapping[str, Content]
    stdin: Union[str, bytes]
    args: Sequence[str]
    env: Mapping[str, str]
    limits: LimitOptions
    expect: ExpectOptions


_AS_THEY_ARE = ("entry", "runtime", "interactive", "priority", "retention_s", "max_starts", "expect")
_KNOWN = frozenset(JobOptions.__annotations__)
_KNOWN_OF_CASES = frozenset(CaseOptions.__annotations__)


def batch_body(
    source: Optional[Union[str, "os.PathLike[str]"]], cases: Iterable[CaseOptions], options: JobOptions
) -> Dict[str, Any]:
    own = []
    for case in cases:
        _refuse(set(case) - _KNOWN_OF_CASES)
        own.append(body(None, cast(JobOptions, case)))
    return {"program": body(source, options), "cases": own}


def _refuse(unknown: Set[str]) -> None:
    if unknown:
        raise TypeError(f"there is no option {', '.join(sorted(unknown))}")


def body(source: Optional[Union[str, "os.PathLike[str]"]], options: JobOptions) -> Dict[str, Any]:
    _refuse(set(options) - _KNOWN)
    given: Dict[str, Any] = {name: options[name] for name in _AS_THEY_ARE if name in options}  # type: ignore[literal-required]
    if source is not None:
        given["source"] = source if isinstance(source, str) else Path(source).read_text(encoding="utf-8")
    if "files" in options:
        given["files"] = [{"path": path, **_content("content", content)} for path, content in options["files"].items()]
    if "stdin" in options:
        given.update(_content("stdin", options["stdin"]))
    if "args" in options:
        if isinstance(options["args"], str):
            raise TypeError("args must be a list of texts, not one text")
        given["args"] = list(options["args"])
    if "env" in options:
        given["env"] = dict(options["env"])
    if "limits" in options:
        given["limits"] = dict(options["limits"])
    if "collect" in options:
        given["collect"] = [options["collect"]] if isinstance(options["collect"], str) else list(options["collect"])
    return given


def _content(name: str, content: Content) -> Dict[str, str]:
    if isinstance(content, str):
        return {name: content}
    data = content if isinstance(content, bytes) else Path(content).read_bytes()
    return {f"{name}_base64": base64.b64encode(data).decode("ascii")}
