# A child that never lets its parent go on: the parent is stuck in vfork and takes no signal but the last.
# Expect: WALL_LIMIT
# Expect-line: begun
# Limit: wall_ms=300
import os
import signal

from trial import syscall

CLONE_VFORK = 0x4000

print("begun", flush=True)
if syscall("clone", CLONE_VFORK | signal.SIGCHLD, 0, 0, 0, 0) == 0:
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    os.setsid()
    while True:
        signal.pause()
print("came back", flush=True)
