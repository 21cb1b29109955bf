# A parent that starts a new hog for each one that is killed.
# Expect: WALL_LIMIT
# Expect-hit: memory
# Expect-line: begun
# Limit: memory_bytes=50331648
# Limit: wall_ms=900
import os

print("begun", flush=True)
while True:
    if os.fork() == 0:
        hoard = []
        while True:
            hoard.append(b"x" * 1000000)
    os.wait()
