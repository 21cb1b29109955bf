# The same, but nobody waits for the children: the kernel never adds their time to the program's.
# Expect: CPU_LIMIT
# Expect-line: begun
# May-hit: processes
# Limit: cpu_ms=300
import os
import signal
import time

print("begun", flush=True)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    try:
        if os.fork() == 0:
            os.setsid()
            end = time.process_time() + 0.01
            while time.process_time() < end:
                pass
            os._exit(0)
    except OSError:
        pass
