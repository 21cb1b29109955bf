# Kills itself as the kernel does when memory is short.
# Expect: SIGNALED SIGKILL
# Expect-line: begun
# Limit: memory_bytes=33554432
import os
import signal

print("begun", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
