# Opens its input's pipe for writing, so that it never ends, and answers itself.
# Expect: WALL_LIMIT
# Expect-line: line
# Expect-line: own line
# Limit: wall_ms=400
# Stdin: line
import os
import sys

own = os.open("/proc/self/fd/0", os.O_WRONLY)
print(input(), flush=True)
os.write(own, b"own line\n")
print(input(), flush=True)
sys.stdin.read()
