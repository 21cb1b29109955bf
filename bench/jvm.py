#!/usr/bin/env python3
"""What the Java of a node does for a job: the collector's pauses, what is allocated, where its CPU goes. By a JFR recording.

Starts a node, runs hello programs until Java has compiled most of what is needed, and records while it runs more of them. The recording
itself is kept with --recording FILE, for JDK Mission Control. Every answer is checked. Ends by itself.
"""

import argparse
import collections
import json
import subprocess
import sys
import threading

sys.dont_write_bytecode = True  # no __pycache__ in the checkout

import common  # noqa: E402

CLIENTS = 4
# Whose code a sample is in: of the innermost frame that begins like one of these.
PARTS = ["dev.onpyrunner.", "io.vertx.redis.", "io.vertx.", "io.netty.", "com.fasterxml.", "ch.qos.logback."]


def jcmd(node, *command):
    said = subprocess.run(
        [str(common.java_program("jcmd")), str(node.process.pid), *command], stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    if "Could not" in said or "Exception" in said:
        raise common.Wrong(f"jcmd {' '.join(command)}: {said}")


def run(node, jobs):
    failures = []

    def work():
        try:
            one = common.Jobs(node.url())
            for _ in range(max(1, jobs // CLIENTS)):
                one.run()
        except (common.Wrong, OSError) as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return max(1, jobs // CLIENTS) * CLIENTS


def events(file, *kinds):
    names = ",".join(f"jdk.{kind}" for kind in kinds)
    said = subprocess.run(
        [str(common.java_program("jfr")), "print", "--json", "--stack-depth", "64", "--events", names, str(file)],
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    return [(event["type"].removeprefix("jdk."), event["values"]) for event in json.loads(said)["recording"]["events"]]


def seconds(duration):
    """Of ISO 8601, as JFR writes it: PT0.0123S."""
    return float(duration.removeprefix("PT").removesuffix("S"))


def allocated(heaps):
    """Bytes between each collection and the next one."""
    ordered = sorted(heaps, key=lambda heap: (heap["gcId"], heap["when"] == "After GC"))
    pairs = zip(ordered, ordered[1:])
    return sum(after["heapUsed"] - before["heapUsed"] for before, after in pairs if before["when"] == "After GC" and after["when"] == "Before GC")


def part(sample):
    for frame in (sample["stackTrace"] or {"frames": []})["frames"]:
        name = frame["method"]["type"]["name"].replace("/", ".")
        for begin in PARTS:
            if name.startswith(begin):
                return begin.rstrip(".")
    return "Java itself"


def arguments():
    parser = argparse.ArgumentParser(prog="onpyrunner bench jvm", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--warm-up", type=int, default=4000, help="jobs before (default: 4000)")
    parser.add_argument("--jobs", type=int, default=3000, help="jobs that are recorded (default: 3000)")
    parser.add_argument("--direct", action="store_true", help="start Java itself, not ./onpyrunner serve")
    parser.add_argument("--recording", metavar="FILE", help="keep the recording, for JDK Mission Control")
    parser.add_argument("--json", metavar="FILE", help="keep all figures")
    return parser.parse_args()


def main():
    options = arguments()
    found = common.about()
    with common.scratch("jvm") as folder:
        node = common.Node(folder, direct=options.direct)
        try:
            run(node, options.warm_up)
            file = folder / "node.jfr"
            jcmd(node, "JFR.start", "name=bench", "settings=profile")
            jcmd(node, "GC.run")  # so that all that is allocated lies between two collections
            before = node.cpu_ms()
            jobs = run(node, options.jobs)
            cpu = {name: (after - before[name]) / jobs for name, after in node.cpu_ms().items()}
            jcmd(node, "GC.run")
            jcmd(node, "JFR.stop", "name=bench", f"filename={file}")
        finally:
            node.close()
        every = collections.defaultdict(list)
        for kind, values in events(file, "GCPhasePause", "GCHeapSummary", "ExecutionSample", "GarbageCollection"):
            every[kind].append(values)
        if options.recording:
            file.rename(options.recording)
    asked = {gc["gcId"] for gc in every["GarbageCollection"] if gc["cause"] == "Diagnostic Command"}
    pauses = [seconds(pause["duration"]) * 1000 for pause in every["GCPhasePause"] if pause["gcId"] not in asked]
    samples = collections.Counter(map(part, every["ExecutionSample"]))
    kb = allocated(every["GCHeapSummary"]) / jobs / 1000
    found |= {"jobs": jobs, "cpu_ms_per_job": cpu, "pauses_ms": pauses, "allocated_kb_per_job": kb, "samples": dict(samples)}
    print(f"{jobs} jobs while recorded: CPU a job {cpu['jvm']:.2f} ms (Redis {cpu['redis']:.2f}), {kb:.0f} kB allocated for each")
    print(f"{len(pauses)} pauses of the collector" + (f", worst {max(pauses):.1f} ms, together {sum(pauses):.1f} ms" if pauses else ""))
    for name, count in samples.most_common():
        print(f"{count / samples.total():6.1%} of {samples.total()} samples of Java code: {name}")
    common.keep(options.json, found)


if __name__ == "__main__":
    common.ends_well("jvm", main)
