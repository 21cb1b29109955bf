# Ends with disk, shared memory and a large part of the memory full.
# Expect: OK 0
# Expect-line: left
# After-peak: 25000000
# Limit: disk_bytes=16777216
# Limit: memory_bytes=134217728
import os

for place in ("/work", "/tmp"):
    try:
        with open(place + "/full", "wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 20))
    except OSError:
        pass
hoard = b"x" * (32 << 20)
print("left", flush=True)
os._exit(0)
