# Threads that are busy without the interpreter's lock, on all cores.
# Expect: CPU_LIMIT
# Expect-line: begun
# Limit: cpu_ms=300
import hashlib
import threading

print("begun", flush=True)
data = bytes(1 << 20)


def hash_on():
    while True:
        hashlib.sha256(data)


for _ in range(4):
    threading.Thread(target=hash_on).start()
