# Answers the question for its stack with one that makes a bad reader go back and back: a heading, then one long line.
# Expect: WALL_LIMIT
# Expect-line: begun
# Limit: wall_ms=300
import os
import signal
import time

ANSWER = b"Current thread 0x1 (most recent call first):\n  File " + b" in " * 40000 + b"\r\n"


def answer(number, frame):
    data = ANSWER
    while data:
        data = data[os.write(2, data) :]


signal.signal(62, answer)
print("begun", flush=True)
while True:
    time.sleep(60)
