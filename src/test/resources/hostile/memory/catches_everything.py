# Takes memory and catches whatever exception that gives.
# Expect: MEMORY_LIMIT
# Expect-line: begun
# Limit: memory_bytes=33554432
print("begun", flush=True)
hoard = []
while True:
    try:
        hoard.append(bytearray(1000000))
    except BaseException:
        pass
