# Writes frames of the jail's protocol to every descriptor there is: a good end, and an end by process 1.
# Expect: RUNTIME_ERROR 3
# Expect-line: begun
import os
import sys

print("begun", flush=True)
end = b"E 0 0.000000 0.000000 1000\n"
frame = b"\6" + b"S" + len(end).to_bytes(4, "big") + end + b"X" + (4).to_bytes(4, "big") + b"oops"
for descriptor in range(256):
    try:
        os.write(descriptor, frame)
    except OSError:
        pass
sys.exit(3)
