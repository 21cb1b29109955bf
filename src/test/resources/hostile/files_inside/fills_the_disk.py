# Fills /work and /tmp: both are as large as the job asked for, and no larger.
# Expect: OK 0
# Expect-line: held 4
# Limit: disk_bytes=4194304
import os

from trial import held, must, refused


def fill(path):
    with open(path, "wb", buffering=0) as file:
        while True:
            file.write(bytes(65536))


for place in ("/work", "/tmp"):
    refused(place, lambda: fill(place + "/big"), "ENOSPC")
    size = os.path.getsize(place + "/big")
    must(f"{size} bytes in {place}", 3 << 20 < size <= 4 << 20)
held()
