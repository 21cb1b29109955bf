# Asks for more than any machine has: an exception, and no limit was hit.
# Expect: OK 0
# Expect-line: MemoryError
# Limit: memory_bytes=33554432
try:
    bytearray(1 << 46)
except MemoryError:
    print("MemoryError")
