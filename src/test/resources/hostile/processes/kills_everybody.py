# SIGKILL to all that it may reach: only its own children may fall.
# Expect: OK 0
# Expect-line: all but the program fell
import os
import signal
import time

children = []
for _ in range(5):
    child = os.fork()
    if child == 0:
        time.sleep(60)
    children.append(child)
os.kill(-1, signal.SIGKILL)
ends = {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children}
print("all but the program fell" if ends == {-signal.SIGKILL} else ends)
