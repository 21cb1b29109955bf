# Forks without end; every child does the same.
# Expect: WALL_LIMIT
# Expect-hit: processes
# Expect-line: begun
# Limit: wall_ms=500
# Limit: processes=32
import os

print("begun", flush=True)
while True:
    try:
        os.fork()
    except OSError:
        pass
