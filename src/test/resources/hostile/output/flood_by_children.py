# Children write, each to copies of both streams.
# Expect: OUTPUT_LIMIT
# Limit: output_bytes=10000
import os

for _ in range(5):
    if os.fork() == 0:
        copies = [os.dup(1), os.dup(2)] * 20
        while True:
            for copy in copies:
                os.write(copy, b"x" * 4096)
os.wait()
