# Takes all the pages that its user may have in pipes, which are counted outside of the jail, and keeps them to the end.
# Expect: OK 0 | MEMORY_LIMIT
# Expect-line: begun
# May-hit: memory
# Limit: memory_bytes=268435456
import fcntl
import os

print("begun", flush=True)
for _ in range(5):
    if os.fork() == 0:
        try:
            while True:
                reading, writing = os.pipe()
                fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 1 << 20)
                os.set_blocking(writing, False)
                os.write(writing, bytes(1 << 20))
        except OSError:
            os._exit(0)
for _ in range(5):
    os.wait()
