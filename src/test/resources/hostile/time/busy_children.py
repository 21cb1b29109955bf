# Four children that are busy while the program waits: their time counts as the job's.
# Expect: CPU_LIMIT
# Expect-line: begun
# Limit: cpu_ms=300
import os

print("begun", flush=True)
for _ in range(4):
    if os.fork() == 0:
        while True:
            pass
os.wait()
