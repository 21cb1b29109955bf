import io
import os
import pprint
import sys
from contextlib import redirect_stdout

print("a", 1, None, sep="-", end="!\n", flush=True)
print(*range(3), sep="\n", file=sys.stderr)
sys.stdout.write("no newline")
sys.stdout.flush()
os.write(1, b" raw\n")
sys.stdout.buffer.write(b"\xff\xfe bytes\n")
sys.stdout.flush()
with redirect_stdout(io.StringIO()) as caught:
    print("caught")
print(caught.getvalue(), sys.stdout.line_buffering, sys.stderr.line_buffering, sys.stdout.newlines)
pprint.pprint({"k" * 30: list(range(30)), "x": {"y": [1, 2]}})
sys.stdout.reconfigure(encoding="ascii", errors="backslashreplace")
print("é")
sys.stdout = open(1, "w", closefd=False, buffering=1)
print("another object for the same pipe")
sys.displayhook("shown")
print("last, without a newline", end="")
