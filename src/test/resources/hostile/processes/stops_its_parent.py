# The child stops the program itself, so that nobody ever ends.
# Expect: WALL_LIMIT
# Expect-line: begun
# Limit: wall_ms=300
import os
import signal

print("begun", flush=True)
if os.fork() == 0:
    os.kill(os.getppid(), signal.SIGSTOP)
    while True:
        signal.pause()
os.wait()
