# Writes 20,000 single bytes, each by a call of its own.
# Expect: OK 0
# Expect-bytes: 20000
import os

for _ in range(20000):
    os.write(1, b"x")
