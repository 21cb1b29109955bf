# Takes memory until there is no more.
# Expect: MEMORY_LIMIT
# Expect-line: begun
# Limit: memory_bytes=33554432
print("begun", flush=True)
hoard = []
while True:
    hoard.append(b"x" * 1000000)
