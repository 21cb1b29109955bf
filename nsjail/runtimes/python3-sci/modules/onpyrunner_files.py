"""Files for the program's owner: pictures and tables that it shows. runtime.json has their names in `collect`."""

import os
import sys

FOLDER = "/work"  # the program's own, wherever it has gone since
MOST = 50

_count = {}


def write(kind, ending, content):
    """Writes `kind`-1.`ending`, or with the next number that is free. Never fails: the program goes on as if somebody had looked."""
    number = _count.get(kind, 0)
    if number >= MOST:
        if number == MOST:
            _count[kind] = number + 1
            print(f"onpyrunner: no more than {MOST} of {kind} are shown", file=sys.stderr)
        return
    try:
        while True:
            number += 1
            try:
                descriptor = os.open(f"{FOLDER}/{kind}-{number}.{ending}", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
                break
            except FileExistsError:
                continue
        with open(descriptor, "wb") as file:
            file.write(content)
        _count[kind] = number
    except OSError as e:
        print(f"onpyrunner: {kind}-{number}.{ending} cannot be written: {e.strerror}", file=sys.stderr)
