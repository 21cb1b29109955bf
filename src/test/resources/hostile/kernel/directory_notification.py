# Wants to be told what others read below /usr, in the old way: by signals of fcntl.
# Expect: OK 0
# Expect-line: refused 3
import errno
import fcntl
import os
import signal

signal.signal(signal.SIGIO, lambda number, frame: print("got through: told"))
refused = 0
for folder in ("/usr", "/usr/bin", "/"):
    try:
        fcntl.fcntl(os.open(folder, os.O_RDONLY), fcntl.F_NOTIFY, fcntl.DN_ACCESS | fcntl.DN_MULTISHOT)
        print("got through:", folder)
    except OSError as error:
        refused += error.errno == errno.EINVAL
print("refused", refused)
