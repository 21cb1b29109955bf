# Children that are process 1's own, and orphans in heaps: their ends must not be taken for the program's.
# Expect: RUNTIME_ERROR 3
# Expect-line: held 1
import os
import signal
import sys

from trial import held, must, syscall

CLONE_PARENT = 0x8000

program = os.getpid()
for _ in range(50):
    if syscall("clone", CLONE_PARENT | signal.SIGCHLD, 0, 0, 0, 0) == 0:
        if os.getppid() != 1:
            os.kill(program, signal.SIGKILL)
        os._exit(0)
    if os.fork() == 0:
        if os.fork() == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        os._exit(0)
    os.wait()
must("the program is not process 1", program != 1)
held()
sys.exit(3)
