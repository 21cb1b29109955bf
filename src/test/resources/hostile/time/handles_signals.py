# Handles every signal that can be handled, by printing and going on.
# Expect: CPU_LIMIT
# Expect-line: begun
# Limit: cpu_ms=200
import os
import signal

for number in range(1, 65):
    try:
        signal.signal(number, lambda n, frame: os.write(1, b"handled %d\n" % n))
    except (OSError, ValueError):
        pass
print("begun", flush=True)
while True:
    pass
