import os
import sys

print("before", flush=True)
print("to stderr", file=sys.stderr)
os.abort()
