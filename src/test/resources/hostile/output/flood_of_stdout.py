# Writes to stdout without end, never a newline.
# Expect: OUTPUT_LIMIT
# Expect-hit: stdout
# Expect-bytes: 10000
# Limit: output_bytes=10000
import os

while True:
    os.write(1, b"x" * 65536)
