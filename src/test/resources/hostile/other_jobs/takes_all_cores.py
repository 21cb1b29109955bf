# As many busy processes as it may have, on all cores, with threads as well.
# Expect: WALL_LIMIT | CPU_LIMIT
# Expect-line: begun
# Limit: wall_ms=800
# Limit: processes=64
import os

print("begun", flush=True)
for _ in range(50):
    if os.fork() == 0:
        while True:
            pass
while True:
    pass
