# Spoils the machine's randomness, which all share.
# Expect: OK 0
# Expect-line: held 5
import fcntl
import os

from trial import held, must, refused

file = os.open("/dev/random", os.O_RDWR)
for name, request in (("count", 0x40045201), ("entropy", 0x40085203), ("zeroed", 0x5204), ("cleared", 0x5206)):
    refused(name, lambda: fcntl.ioctl(file, request, bytes(16)), "EPERM", "EACCES", "EINVAL")
os.write(file, bytes(100))  # anybody may stir, and nobody can tell
must("the same twice", os.urandom(16) != os.urandom(16))
held()
