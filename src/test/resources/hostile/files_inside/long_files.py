# Files longer than the disk: sparse, reserved and written far behind.
# Expect: OK 0
# Expect-line: held 3
# Limit: disk_bytes=4194304
import os
import signal

from trial import held, refused

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
file = os.open("long", os.O_CREAT | os.O_RDWR)
refused("a terabyte of holes", lambda: os.truncate("long", 1 << 40), "EFBIG")
refused("a gigabyte reserved", lambda: os.posix_fallocate(file, 0, 1 << 30), "ENOSPC", "EFBIG")
refused("one byte, far behind", lambda: os.pwrite(file, b"x", 1 << 40), "EFBIG")
held()
