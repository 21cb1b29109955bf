#!/usr/bin/env python3
"""Runs one program in a jail, without the rest of OnPyRunner:

    nsjail/try.py --nsjail PATH program.py [--stdin FILE] [--repeat N] [-- ARGUMENT...]

Prints the program's output and, on stderr, its status; with --repeat, times instead of output.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True  # no __pycache__ in the checkout

from jail import INTERPRETER, JailFailed, Room


def run_once(room, options, stdin):
    result = room.run(options.program.read_bytes(), arguments=options.arguments, stdin=stdin, timeout=options.timeout)
    sys.stdout.buffer.write(result.out)
    sys.stdout.flush()
    sys.stderr.buffer.write(result.err)
    sys.stderr.flush()
    print(f"jail failed: {result.failure}" if result.failure else f"status: {result.line.strip()}", file=sys.stderr)
    return 0 if result.status == "E 0" else 1


def milliseconds_since(start):
    return (time.monotonic() - start) * 1000


def time_jail(room, options, stdin):
    start = time.monotonic()
    job = room.start()
    try:
        called = milliseconds_since(start)
        job.begin(options.program.read_bytes(), arguments=options.arguments)
        framed = milliseconds_since(start)
        job.finish(stdin, options.timeout, until=lambda result: result.out or result.err)
        first = milliseconds_since(start)
        job.finish(None, options.timeout)
        return called, framed, first, milliseconds_since(start)
    finally:
        job.close()


def time_bare(options, stdin):
    with tempfile.TemporaryFile() as file:
        file.write(stdin)
        file.seek(0)
        start = time.monotonic()
        command = [INTERPRETER, str(options.program), *options.arguments]
        with subprocess.Popen(command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as bare:
            bare.stdout.read(1)
            first = milliseconds_since(start)
            bare.stdout.read()
            bare.wait()
        return first, milliseconds_since(start)


def compare(room, options, stdin):
    """Interleaved, because the machine's mood changes."""
    jail, bare = [], []
    for _ in range(options.repeat):
        jail.append(time_jail(room, options, stdin))
        bare.append(time_bare(options, stdin))
    names = ("jail: init called", "jail: job frame sent", "jail: first byte", "jail: status", "bare: first byte", "bare: end")
    for name, times in zip(names, [*zip(*jail), *zip(*bare)]):
        print(f"{name:22} median {statistics.median(times):6.1f} ms   best {min(times):6.1f}   worst {max(times):6.1f}")
    return 0


def main():
    parser = argparse.ArgumentParser(description="Run one program in a jail.")
    parser.add_argument("--nsjail", required=True, help="the nsjail program")
    parser.add_argument("--stdin", type=Path, help="a file for the program's standard input")
    parser.add_argument("--timeout", type=float, default=60, help="seconds (default 60)")
    parser.add_argument("--repeat", type=int, help="run so many times, interleaved with a bare python3, and print times")
    parser.add_argument("--show", action="store_true", help="print nsjail's command line and configuration, then go on")
    parser.add_argument("program", type=Path)
    parser.add_argument("arguments", nargs="*")
    options = parser.parse_intermixed_args()
    stdin = options.stdin.read_bytes() if options.stdin else b""
    with Room(options.nsjail) as room:
        if options.show:
            print(" ".join(room.command()), room.config.read_text(), sep="\n", file=sys.stderr)
        try:
            return (compare if options.repeat else run_once)(room, options, stdin)
        except JailFailed as failed:
            print(f"jail failed: {failed}", file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main())
