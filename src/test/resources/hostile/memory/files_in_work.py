# Fills /work, whose files are memory, beyond the memory limit.
# Expect: MEMORY_LIMIT
# Expect-line: begun
# Limit: memory_bytes=33554432
print("begun", flush=True)
with open("/work/big", "wb") as file:
    while True:
        file.write(bytes(1000000))
