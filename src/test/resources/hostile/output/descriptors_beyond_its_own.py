# Looks for descriptors that were left open for it.
# Expect: OK 0
# Expect-line: held 254
import os

from trial import held, must, refused

for descriptor in range(3, 256):
    refused(f"descriptor {descriptor}", lambda: os.fstat(descriptor), "EBADF")
must("others are listed", sorted(map(int, os.listdir("/proc/self/fd")))[:4] == [0, 1, 2, 3])
held()
