# Makes its output's pipe as small as can be, then as large, and not blocking, and marks it for signals; then floods it.
# Expect: OUTPUT_LIMIT
# Expect-hit: stdout
# Limit: output_bytes=100000
import fcntl
import os

for size in (4096, 1 << 20, 1 << 16, 4096):
    try:
        fcntl.fcntl(1, fcntl.F_SETPIPE_SZ, size)
    except OSError:
        pass
fcntl.fcntl(1, fcntl.F_SETFL, os.O_NONBLOCK | os.O_ASYNC | os.O_DIRECT)
while True:
    try:
        os.write(1, b"x" * 4096)
    except BlockingIOError:
        pass
