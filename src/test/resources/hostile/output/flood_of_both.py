# Writes to both from two threads.
# Expect: OUTPUT_LIMIT
# Limit: output_bytes=10000
import os
import threading


def flood(descriptor):
    while True:
        os.write(descriptor, b"x" * 65536)


threading.Thread(target=flood, args=(1,)).start()
flood(2)
