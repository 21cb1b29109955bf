# Writes to stderr without end.
# Expect: OUTPUT_LIMIT
# Expect-hit: stderr
# Expect-line: begun
# Limit: output_bytes=10000
import os

print("begun", flush=True)
while True:
    os.write(2, b"x" * 65536)
