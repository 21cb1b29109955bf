# Fills the buffers of as many pipes as it may open, each as long as it may be.
# Expect: MEMORY_LIMIT | OK
# Expect-line: begun
# May-hit: memory
# Limit: memory_bytes=33554432
import fcntl
import os

print("begun", flush=True)
try:
    while True:
        reading, writing = os.pipe()
        for size in (1 << 20, 1 << 16, 1 << 13):
            try:
                fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, size)
                break
            except OSError:
                pass
        os.set_blocking(writing, False)
        try:
            while True:
                os.write(writing, bytes(65536))
        except BlockingIOError:
            pass
except OSError:
    print("no more pipes", flush=True)
