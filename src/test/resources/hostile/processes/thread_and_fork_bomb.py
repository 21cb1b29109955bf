# Threads that fork while others do: the two kinds of tasks count together.
# Expect: WALL_LIMIT
# Expect-hit: processes
# Expect-line: begun
# Limit: wall_ms=500
# Limit: processes=40
import os
import threading


def split():
    while True:
        try:
            os.fork()
        except OSError:
            pass


print("begun", flush=True)
while True:
    try:
        threading.Thread(target=split).start()
    except RuntimeError:
        pass
