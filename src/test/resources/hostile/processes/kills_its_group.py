# SIGKILL to its own process group, which must not reach process 1.
# Expect: SIGNALED SIGKILL
# Expect-line: begun
import os
import signal

print("begun", flush=True)
os.killpg(0, signal.SIGKILL)
