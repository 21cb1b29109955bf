# Ignores every signal that can be ignored, blocks the others, and sleeps.
# Expect: WALL_LIMIT
# Expect-line: begun
# Limit: wall_ms=300
import signal
import time

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
print("begun", flush=True)
while True:
    time.sleep(1)
