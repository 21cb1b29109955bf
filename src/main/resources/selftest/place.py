# What a program can see of the place that it is in, as lines. In a copy of a warm interpreter it must be what it is in a fresh one.
import os
import re
import resource
import sys


def show(name, *values):
    print(name, *values)


def lines(path, *skipped):
    with open(path) as file:
        for line in file:
            if not line.startswith(skipped):
                show(path, line.rstrip())


show("ids", os.getpid(), os.getppid(), os.getpgrp(), os.getsid(0), os.getresuid(), os.getresgid(), os.getgroups())
show("cwd", os.getcwd(), oct(os.umask(0o022)), os.readlink("/proc/self/root"), os.readlink("/proc/self/exe"))
show("arguments", sys.argv, sys.orig_argv, __file__, __name__)
for item in sorted(os.environ.items()):
    show("variable", *item)
show("process", open("/proc/self/environ").read(), open("/proc/self/cmdline").read())
show("interpreter", sys.flags, sys.path, sys.warnoptions, sys.getrecursionlimit(), sys.getswitchinterval(), sys.stdout, sys.stderr, sys.stdin)
for stream in sys.stdin, sys.stdout, sys.stderr:
    raw = stream.buffer.raw
    show("stream", raw.fileno(), stream.seekable(), raw.seekable(), raw._blksize, raw.mode, stream.encoding, stream.errors, stream.newlines)
    show("stream", stream.line_buffering, stream.write_through, stream.isatty())
show("main", sorted(globals()))
show("tracing", sys.gettrace(), sys.getprofile())
show("scheduling", os.sched_getaffinity(0), os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0))
for name in sorted(name for name in dir(resource) if name.startswith("RLIMIT_")):
    show(name, resource.getrlimit(getattr(resource, name)))
for descriptor in sorted(os.listdir("/proc/self/fd"), key=int):
    try:
        target = os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        continue  # the list's own
    show("descriptor", descriptor, re.sub(r"\d+", "N", target))
    lines(f"/proc/self/fdinfo/{descriptor}", "mnt_id", "ino")
# What it uses differs, and so do counters; Seccomp_filters is the one more that a copy has.
lines(
    "/proc/self/status",
    "Vm", "Rss", "Hugetlb", "FDSize", "Seccomp_filters", "voluntary", "nonvoluntary", "Sig",
)  # fmt: skip
with open("/proc/self/status") as status:
    for line in status:
        if line.startswith(("SigBlk", "SigIgn", "SigCgt")):
            name, mask = line.split()
            # 32 and 33 are the C library's own, which takes them when the first thread is started.
            show(name, hex(int(mask, 16) & ~(3 << 31)))
lines("/proc/self/cgroup")
lines("/proc/self/oom_score_adj")
with open("/proc/self/mountinfo") as mounts:
    for mount in mounts:
        show("mount", re.sub(r"^\d+ \d+ \S+ |(size|uid|gid)=\w+", "", mount.rstrip()))
for name in sorted(sys.modules):
    show("module", name)
