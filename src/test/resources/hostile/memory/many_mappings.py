# As many mappings as the kernel gives: each costs it a little.
# Expect: MEMORY_LIMIT | OK
# Expect-line: begun
# May-hit: memory
# Limit: memory_bytes=33554432
# Limit: cpu_ms=10000
import mmap

print("begun", flush=True)
mappings = []
try:
    while True:
        # Two neighbours with different rights cannot be made one.
        mappings.append(mmap.mmap(-1, 4096, prot=mmap.PROT_READ if len(mappings) % 2 else mmap.PROT_READ | mmap.PROT_WRITE))
except OSError:
    print("no more mappings", flush=True)
