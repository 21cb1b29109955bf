# Makes namespaces of each kind, one by one and all at once, and enters process 1's.
# Expect: OK 0
# Expect-line: held 29
import os
import signal

from trial import held, refused, syscall

KINDS = {
    "user": 0x10000000,
    "mnt": 0x20000,
    "pid": 0x20000000,
    "net": 0x40000000,
    "ipc": 0x8000000,
    "uts": 0x4000000,
    "cgroup": 0x2000000,
    "time": 0x80,
}


def clone(flags):
    if syscall("clone", flags | signal.SIGCHLD, 0, 0, 0, 0) == 0:
        os._exit(0)
    os.wait()


for name, flag in KINDS.items():
    refused("unshare " + name, lambda: syscall("unshare", flag))
    refused("unshare user and " + name, lambda: syscall("unshare", flag | KINDS["user"]))
    if flag > 0xFF:  # the lowest byte of clone's flags is a signal
        refused("clone " + name, lambda: clone(flag))
refused("unshare all", lambda: syscall("unshare", sum(KINDS.values())))
refused("clone all", lambda: clone(sum(KINDS.values()) - KINDS["time"]))
own = os.open("/proc/self/ns/user", os.O_RDONLY)
refused("setns to the same", lambda: syscall("setns", own, 0))
refused("setns by process", lambda: syscall("setns", os.pidfd_open(1), KINDS["mnt"]))
refused("namespaces of process 1", lambda: os.open("/proc/1/ns/mnt", os.O_RDONLY))
refused("clone3", lambda: syscall("clone3", 0, 0))
held()
