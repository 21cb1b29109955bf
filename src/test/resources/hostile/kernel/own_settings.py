# Writes to its own files in /proc that steer more than itself.
# Expect: OK 0
# Expect-line: held 15
import os

from trial import held, refused

for name in (
    "mem",
    "oom_score_adj",
    "oom_adj",
    "uid_map",
    "gid_map",
    "setgroups",
    "projid_map",
    "coredump_filter",
    "clear_refs",
    "timerslack_ns",
    "autogroup",
    "comm",
    "attr/current",
    "timens_offsets",
    "make-it-fail",
):
    refused(name, lambda: os.open(f"/proc/self/{name}", os.O_WRONLY), "EROFS", "EACCES", "EPERM", "ENOENT")
held()
