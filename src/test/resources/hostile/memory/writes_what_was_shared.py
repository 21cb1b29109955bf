# Ten children write over a heap that was shared with them: ten copies.
# Expect: MEMORY_LIMIT | OK
# Expect-hit: memory
# Expect-line: begun
# Limit: memory_bytes=50331648
import os
import signal

print("begun", flush=True)
heap = bytearray(b"x") * 20000000
children = []
for _ in range(10):
    child = os.fork()
    if child == 0:
        for place in range(0, len(heap), 4096):
            heap[place] = 1
        signal.pause()
    children.append(child)
os.wait()
