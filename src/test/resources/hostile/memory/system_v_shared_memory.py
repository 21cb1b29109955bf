# Takes System V shared memory, which belongs to no process.
# Expect: MEMORY_LIMIT
# Expect-line: begun
# Limit: memory_bytes=33554432
import ctypes

from trial import call, libc

print("begun", flush=True)
libc().shmat.restype = ctypes.c_void_p
while True:
    segment = call("shmget", 0, 1000000, 0o600)
    ctypes.memset(libc().shmat(segment, None, 0), 120, 1000000)
