# So many frames in so many threads that telling of them takes long.
# Expect: WALL_LIMIT
# Expect-line: begun
# Limit: wall_ms=600
import sys
import threading

sys.setrecursionlimit(100000)
threading.stack_size(64 << 20)
forever = threading.Event()


def deep(left):
    if left:
        deep(left - 1)
    else:
        forever.wait()


threads = [threading.Thread(target=deep, args=(1000,)) for _ in range(30)]
for thread in threads:
    thread.start()
print("begun", flush=True)
