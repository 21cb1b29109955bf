#!/usr/bin/env python3
"""All measurements in about ten minutes, and what they say about the goals.

Runs start, run, stages, jvm, load, queue, live, cluster, memory and boot, one after the other, each with a share of the time, and writes
report.json (machine, versions, date, every single time) and report.html (plots; one file that loads nothing). Prints the goals: what was
measured, met or not. Exits with 1 when a part failed; a goal that is not met is no failure. Nothing else should run on the machine
meanwhile.
"""

import argparse
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True  # no __pycache__ in the checkout

import common  # noqa: E402
import peers  # noqa: E402
import report  # noqa: E402

HERE = Path(__file__).resolve().parent
PANDAS = common.HOME / ".onpyrunner" / "bench-packages"
# Seconds that a part takes on two cores; its arguments, and those of --quick, and of --smoke.
PARTS = {
    "start": (35, "", "--jobs 30", "--jobs 3"),
    "run": (150, "--rounds 4 --round-s 1.5 --seconds 45", "--jobs 80 --warm-up 100 --rounds 2 --round-s 1",
            "--jobs 3 --warm-up 1 --rounds 1 --round-s 0.2 --fresh-only"),
    "stages": (25, "--jobs 200", "--jobs 50 --warm-up 100", "--jobs 3 --warm-up 1"),
    "jvm": (70, "", "--warm-up 200 --jobs 500", "--warm-up 1 --jobs 60"),
    "load": (130, "", "--clients 1,4,16 --rounds 1 --round-s 1.5 --open-s 5 --warm-up 100",
             "--clients 1,2 --rounds 1 --round-s 0.2 --open-s 0.3 --warm-up 1"),
    "queue": (75, "--deepest 100000 --rounds 5 --batch 1000", "--deepest 1000 --rounds 2 --batch 500", "--deepest 10 --rounds 1 --batch 32"),
    "live": (50, "--viewers 1,100,1000 --lines 100", "--viewers 1,50 --lines 40", "--viewers 1 --lines 5"),
    "cluster": (75, "--rounds 4 --warm-up 1 --lines 20 --runners 1,2", "--rounds 1 --warm-up 1 --jobs 10 --lines 10 --runners 1",
                "--rounds 1 --warm-up 0 --jobs 2 --lines 3 --runners 1 --slots 2"),
    "memory": (45, "", "--queued 500 --viewers 200 --jobs 30", "--queued 50 --viewers 20 --jobs 2"),
    "boot": (30, "", "--starts 2 --warm-up 50 --jobs 30", "--starts 1 --warm-up 2 --jobs 3"),
}  # fmt: skip
SLOW = 6  # a part may take so many times its share; then it has failed
OWN_START = ("run", "stages", "jvm", "load", "memory", "boot")  # these start nodes with ./onpyrunner serve


class Part:
    """One measurement, run as everybody would run it."""

    def __init__(self, name, options, folder):
        self.share, *arguments = PARTS[name]
        self.file = folder / f"{name}.json"
        if name == "queue":
            start = [str(common.java_program("java")), "--class-path", str(common.JAR), str(HERE / "Queue.java")]
        else:
            start = [sys.executable, str(HERE / f"{name}.py")]
        self.command = [*start, *arguments[options.size].split(), "--json", str(self.file)]
        if name == "run":
            self.command += [word for peer in options.peer for word in ("--peer", peer)]
            self.command += ["--packages", str(options.packages)] if options.packages else []
        if options.direct and name in OWN_START:
            self.command.append("--direct")

    def run(self):
        began = time.perf_counter()
        # Its own standard error stays ours; SIGTERM ends it in order, with its nodes.
        process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, cwd=common.HOME)
        try:
            said, _ = process.communicate(timeout=self.share * SLOW)
        except subprocess.TimeoutExpired:
            process.terminate()
            said = process.communicate()[0] + f"\nIt took longer than {self.share * SLOW} s."
        except BaseException:
            process.terminate()
            process.wait()
            raise
        code = process.returncode
        figures = json.loads(self.file.read_text(encoding="utf-8")) if code == 0 and self.file.exists() else None
        return {"seconds": time.perf_counter() - began, "exit": code, "said": said, "figures": figures}


def arguments():
    parser = argparse.ArgumentParser(prog="onpyrunner bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", dest="size", action="store_const", const=1, default=0, help="about three minutes; says less")
    parser.add_argument("--smoke", dest="size", action="store_const", const=2, help="only whether it runs; says nothing about speed")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"only these, with ',' between (default: {','.join(PARTS)})")
    parser.add_argument("--out", type=Path, default=HERE / "report", metavar="DIR", help="where the report goes (default: bench/report)")
    parser.add_argument(
        "--peer", action="append", default=[], metavar="NAME=URL", help=f"another server to compare with: {', '.join(peers.PEERS)}"
    )
    parser.add_argument(
        "--packages", type=Path, metavar="DIR", help="a folder with pandas (default: .onpyrunner/bench-packages, if it is there)"
    )
    parser.add_argument("--direct", action="store_true", help="start Java itself, not ./onpyrunner serve")
    options = parser.parse_args()
    options.parts = options.parts.split(",")
    if unknown := [name for name in options.parts if name not in PARTS]:
        parser.error(f"there is no part {', '.join(unknown)}")
    try:
        [peers.named(peer) for peer in options.peer]
    except ValueError as error:
        parser.error(f"--peer: {error}")
    if not options.packages and (PANDAS / "pandas").is_dir():
        options.packages = PANDAS
    return options


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began, run = time.perf_counter(), {**common.about(), "parts": {}}
    options.out.mkdir(parents=True, exist_ok=True)
    with common.scratch("bench") as folder:
        for name in options.parts:
            print(f"bench {name} …", flush=True)
            busy = common.busy()
            part = run["parts"][name] = {**Part(name, options, folder).run(), "busy_before": busy}
            print(part["said"].rstrip() + "\n" + (f"bench {name} FAILED ({part['exit']})\n" if part["exit"] else ""), flush=True)
    run["took_s"] = time.perf_counter() - began
    figures = {name: part["figures"] for name, part in run["parts"].items() if part["figures"]}
    run["goals"] = report.judged(figures)
    (options.out / "report.json").write_text(json.dumps(run) + "\n", encoding="utf-8")
    (options.out / "report.html").write_text(report.page(run), encoding="utf-8")
    print(report.goals_text(run["goals"]))
    failed = [name for name, part in run["parts"].items() if part["exit"]]
    print(
        f"{run['took_s']:.0f} s; {options.out / 'report.html'}, {options.out / 'report.json'}"
        + (f"; failed: {', '.join(failed)}" if failed else "")
    )
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
