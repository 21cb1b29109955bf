# Leaves processes that are stopped, stuck in vfork, waiting in the kernel, and dead but not buried.
# Expect: OK 0
# Expect-line: left
import os
import signal
import time

from trial import syscall

os.mkfifo("never")
for kind in range(8):
    if os.fork() == 0:
        os.setsid()
        match kind % 4:
            case 0:
                os.kill(os.getpid(), signal.SIGSTOP)
            case 1:
                if syscall("clone", 0x4000 | signal.SIGCHLD, 0, 0, 0, 0) == 0:
                    signal.pause()
            case 2:
                os.open("never", os.O_RDONLY)
            case 3:
                if os.fork() == 0:
                    os._exit(0)
        signal.pause()
time.sleep(0.1)
print("left")
