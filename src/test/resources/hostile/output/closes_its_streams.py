# Closes its streams, opens others in their place and goes on.
# Expect: RUNTIME_ERROR 4
# Expect-line: begun
# Expect-no: hidden
import os

os.write(1, b"begun\n")
for descriptor in (0, 1, 2):
    os.close(descriptor)
    os.open("/dev/null", os.O_RDWR)
os.write(1, b"hidden\n")
os._exit(4)
