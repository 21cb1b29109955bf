# Fills files that exist in memory only and have no name.
# Expect: MEMORY_LIMIT
# Expect-line: begun
# Limit: memory_bytes=33554432
import os

print("begun", flush=True)
while True:
    file = os.memfd_create("hoard")
    for _ in range(10):
        os.write(file, bytes(1000000))
