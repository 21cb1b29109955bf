# Raises MemoryError by itself: that is no limit.
# Expect: RUNTIME_ERROR 1
# Expect-error: MemoryError: not really
# Limit: memory_bytes=33554432
raise MemoryError("not really")
