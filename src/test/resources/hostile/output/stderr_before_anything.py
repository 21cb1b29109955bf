# Floods stderr in one write that is larger than the limit, then exits well at once.
# Expect: OUTPUT_LIMIT
# Expect-hit: stderr
# Limit: output_bytes=1000
import os

os.write(2, b"e" * 50000)
os._exit(0)
