# Becomes another program, which sleeps.
# Expect: WALL_LIMIT
# Expect-line: begun
# Limit: wall_ms=300
import os

print("begun", flush=True)
os.execv("/usr/bin/sleep", ["python3", "86400"])
