"""Saves a file that a job hands back. Its path was chosen by the program, which may mean no good."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Union

from ._errors import OnPyRunnerError


def save(content: bytes, path: str, folder: Union[str, "os.PathLike[str]"], overwrite: bool) -> Path:
    """Writes below the folder, never outside it and never through a link."""
    steps = path.split("/")
    # On Windows a backslash divides, and a colon names a drive or a stream.
    if any(step in ("", ".", "..") or "\0" in step or (os.name == "nt" and set(step) & set('\\:')) for step in steps):
        raise OnPyRunnerError(f"{path!r} is not a path below a folder")
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for step in steps[:-1]:
        target = target / step
        if target.is_symlink() or not target.is_dir():
            target.mkdir()  # fails where a file or a link is
    target = target / steps[-1]
    if not overwrite:
        with open(target, "xb") as new:
            new.write(content)
        return target
    number, name = tempfile.mkstemp(prefix=".onpyrunner-", dir=target.parent)
    try:
        with os.fdopen(number, "wb") as whole:
            whole.write(content)
        os.replace(name, target)  # takes the place of a link, too
    except BaseException:
        os.unlink(name)
        raise
    return target
