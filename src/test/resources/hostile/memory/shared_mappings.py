# Anonymous memory shared with children who write to it in turn, so that no process owns all.
# Expect: MEMORY_LIMIT | WALL_LIMIT
# Expect-hit: memory
# Expect-line: begun
# Limit: memory_bytes=33554432
# Limit: wall_ms=1500
import mmap
import os

print("begun", flush=True)
mapping = mmap.mmap(-1, 100000000)
while True:
    for place in range(0, len(mapping), 10000000):
        if os.fork() == 0:
            mapping[place : place + 10000000] = bytes(10000000)
            os._exit(0)
        os.wait()
