# Fills /tmp and /dev/shm from children, and starts a new one whenever one is killed.
# Expect: MEMORY_LIMIT | WALL_LIMIT
# Expect-hit: memory
# Expect-line: begun
# Limit: memory_bytes=33554432
# Limit: wall_ms=1500
import os

print("begun", flush=True)
while True:
    for place in ("/tmp", "/dev/shm"):
        if os.fork() == 0:
            with open(f"{place}/{os.getpid()}", "wb") as file:
                while True:
                    file.write(bytes(1000000))
    os.wait()
    os.wait()
