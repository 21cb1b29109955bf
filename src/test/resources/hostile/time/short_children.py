# Children that are busy for a moment and are gone: what they used is not forgotten.
# Expect: CPU_LIMIT
# Expect-line: begun
# Limit: cpu_ms=300
import os
import time

print("begun", flush=True)
while True:
    if os.fork() == 0:
        end = time.process_time() + 0.01
        while time.process_time() < end:
            pass
        os._exit(0)
    os.wait()
