# Reads, writes and steers process 1 and its own child from outside.
# Expect: OK 0
# Expect-line: held 27
import ctypes
import os
import signal

from trial import held, refused, syscall

child = os.fork()
if child == 0:
    signal.pause()
buffer = ctypes.create_string_buffer(64)
piece = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 64)
for pid in (1, child):
    pidfd = os.pidfd_open(pid)
    refused(f"attach {pid}", lambda: syscall("ptrace", 16, pid, 0, 0))
    refused(f"seize {pid}", lambda: syscall("ptrace", 0x4206, pid, 0, 0))
    refused(f"read {pid}", lambda: syscall("process_vm_readv", pid, piece, 1, piece, 1, 0))
    refused(f"write {pid}", lambda: syscall("process_vm_writev", pid, piece, 1, piece, 1, 0))
    refused(f"compare {pid}", lambda: syscall("kcmp", os.getpid(), pid, 0, 0, 0))
    for descriptor in (0, 3, 5):
        refused(f"descriptor {descriptor} of {pid}", lambda: syscall("pidfd_getfd", pidfd, descriptor, 0))
    refused(f"advice for {pid}", lambda: syscall("process_madvise", pidfd, piece, 1, 4, 0))
    refused(f"pages of {pid}", lambda: syscall("migrate_pages", pid, 64, buffer, buffer))
    refused(f"pages of {pid} moved", lambda: syscall("move_pages", pid, 0, 0, 0, 0, 0))
refused("traced by its parent", lambda: syscall("ptrace", 0, 0, 0, 0))
for path in ("mem", "maps", "environ", "auxv"):
    refused("/proc/1/" + path, lambda: open("/proc/1/" + path, "rb").read())
os.kill(child, signal.SIGKILL)
held()
