# Answers any signal, and its own fault handler's, with a stack that never was, on every descriptor.
# Expect: WALL_LIMIT
# Expect-line: begun
# Limit: wall_ms=300
import faulthandler
import os
import signal
import time


def forge(number, frame):
    for descriptor in range(256):
        try:
            os.write(descriptor, b'Current thread 0x0 (most recent call first):\n  File "/etc/shadow", line 1 in forged\n')
        except OSError:
            pass


for number in (*range(34, 65), signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM, signal.SIGINT):
    try:
        faulthandler.unregister(number)
        signal.signal(number, forge)
    except (OSError, ValueError, RuntimeError):
        pass
print("begun", flush=True)
while True:
    time.sleep(60)
