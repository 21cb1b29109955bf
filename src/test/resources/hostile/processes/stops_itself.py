# The program stops itself: no signal that can be caught would end it.
# Expect: WALL_LIMIT
# Expect-line: begun
# Expect-no: woken
# Limit: wall_ms=300
import os
import signal

print("begun", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
print("woken", flush=True)
