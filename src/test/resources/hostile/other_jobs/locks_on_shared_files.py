# Locks files that all jobs see, to be waited for, or to send signs to another job.
# Expect: OK 0
# Expect-line: begun
import fcntl
import os

print("begun")
for path in ("/usr/bin/python3", "/usr/lib/python3.11/os.py", "/etc/passwd", "/usr", "/", "/etc", "/bay", "/dev/null"):
    file = os.open(path, os.O_RDONLY)
    for kind in (fcntl.LOCK_SH, fcntl.LOCK_EX):
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except OSError:
            pass
    try:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        print("got through: a lease on", path)
    except OSError:
        pass
