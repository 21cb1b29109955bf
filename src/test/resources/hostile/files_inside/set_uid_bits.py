# Makes programs that would run as somebody else, and looks at those that the system has.
# Expect: OK 0
# Expect-line: held 8
import os
import shutil
import subprocess

from trial import held, must, refused

shutil.copy("/usr/bin/id", "mine")
os.chmod("mine", 0o6755)
must("our own as another", subprocess.check_output(["./mine", "-u"]) == b"1000\n")
refused("given to root", lambda: os.chown("mine", 0, 0), "EPERM", "EINVAL")
refused("given to a group", lambda: os.chown("mine", -1, 65534), "EPERM", "EINVAL")
# The system's own, su and mount among them, have such bits; the mounts make nothing of them.
for place in ("/", "/usr", "/work", "/tmp", "/dev/shm"):
    must("the bits count in " + place, os.statvfs(place).f_flag & os.ST_NOSUID)
for name in ("su", "mount"):
    if shutil.which(name):
        subprocess.run([name], stdin=subprocess.DEVNULL, capture_output=True, timeout=5)
held()
