# Expect: MEMORY_LIMIT
# Expect-line: 16 MiB
# Expect-line: 128 MiB
"""Takes memory, 16 MiB at a time, and uses all of it.

Expect: a growing number, then killed at the memory limit. There is no MemoryError: the limit
counts pages that were written, and at the write it is too late for an exception.
"""

MIB = 1024 * 1024
STEP = 16

hoard = []
while True:
    hoard.append(b"x" * (STEP * MIB))  # writes every byte; bytes(n) would only reserve zeros
    print(f"{len(hoard) * STEP} MiB", flush=True)
