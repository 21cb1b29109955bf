# Reads many of the system's files, which the kernel keeps in memory on the job's account: the next job must not pay for it.
# Expect: OK 0
# Expect-line: read
# After-peak: 25000000
import os

left = 32 << 20
for folder, _, files in os.walk("/usr/lib"):
    for name in files:
        path = f"{folder}/{name}"
        if left > 0 and os.path.isfile(path) and os.path.getsize(path) > 100000:
            with open(path, "rb") as file:
                left -= len(file.read(left))
print("read")
