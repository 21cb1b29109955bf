# Closes stdout behind the interpreter's back: Python's own exit code for that arrives.
# Expect: RUNTIME_ERROR 120
# Expect-error: Bad file descriptor
import os

print("never")
os.close(1)
