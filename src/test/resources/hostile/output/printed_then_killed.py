# What was written before a violent death is kept.
# Expect: SIGNALED SIGSEGV
# Expect-line: before
# Expect-error: and on stderr
# Expect-bytes: 60007
import ctypes
import os

os.write(1, b"before\n")
os.write(2, b"and on stderr")
os.write(1, b"x" * 60000)
ctypes.string_at(0)
