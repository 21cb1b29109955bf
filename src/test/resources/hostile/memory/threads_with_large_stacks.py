# Threads that use all of their large stacks.
# Expect: MEMORY_LIMIT
# Expect-line: begun
# Limit: memory_bytes=33554432
import sys
import threading

print("begun", flush=True)
threading.stack_size(64 << 20)
sys.setrecursionlimit(1 << 30)


class Deep:
    def __getattr__(self, name):
        return getattr(self, name + "x" if len(name) < 10 else "x")


threads = [threading.Thread(target=lambda: Deep().x) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
