# A child takes too much and is killed; the program goes on and ends well, and the job tells it.
# Expect: OK 0
# Expect-hit: memory
# Expect-line: the child died of SIGKILL
# Limit: memory_bytes=67108864
import os
import signal

child = os.fork()
if child == 0:
    hoard = []
    while True:
        hoard.append(b"x" * 1000000)
print("the child died of", signal.Signals(-os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).name)
