# Sleeps for a day.
# Expect: WALL_LIMIT
# Expect-line: begun
# Limit: wall_ms=300
import time

print("begun", flush=True)
time.sleep(86400)
