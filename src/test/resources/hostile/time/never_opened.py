# Waits in the kernel for the other end of a named pipe.
# Expect: WALL_LIMIT
# Expect-line: begun
# Limit: wall_ms=300
import os

print("begun", flush=True)
os.mkfifo("never")
os.open("never", os.O_RDONLY)
