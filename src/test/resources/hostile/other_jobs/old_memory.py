# Looks through memory that it was given for what others left in it.
# Expect: OK 0
# Expect-line: held 3
# Limit: memory_bytes=134217728
import mmap
import os

from trial import held, must

mapping = mmap.mmap(-1, 32 << 20)
must("fresh memory", mapping[:] == bytes(len(mapping)))
file = os.memfd_create("fresh")
os.truncate(file, 8 << 20)
must("a fresh file in memory", os.read(file, 8 << 20) == bytes(8 << 20))
with open("/tmp/fresh", "w+b") as fresh:
    fresh.seek(8 << 20)
    fresh.write(b"x")
    fresh.seek(0)
    must("a fresh file", fresh.read(8 << 20) == bytes(8 << 20))
held()
