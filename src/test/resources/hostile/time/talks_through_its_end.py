# Four processes that write to stderr without a pause, a byte at a time: whoever waits for silence before the kill waits for ever.
# Expect: WALL_LIMIT
# Expect-line: begun
# May-hit: stderr
# Limit: wall_ms=300
import os
import time

print("begun", flush=True)
for _ in range(3):
    if os.fork() == 0:
        break
while True:
    os.write(2, b"x")
    time.sleep(0.0003)
