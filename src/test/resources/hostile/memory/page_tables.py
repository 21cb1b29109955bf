# Uses one page in every two megabytes of addresses: the kernel's tables for them are what fills the memory.
# Expect: MEMORY_LIMIT
# Expect-line: begun
# Limit: memory_bytes=33554432
import mmap

print("begun", flush=True)
mappings = []
while True:
    mapping = mmap.mmap(-1, 1 << 30)
    mapping.madvise(15)  # MADV_NOHUGEPAGE
    for place in range(0, 1 << 30, 1 << 21):
        mapping[place]  # reading gives the page of zeros, which costs nothing by itself
    mappings.append(mapping)
