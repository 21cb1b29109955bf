# Spoils the devices that it has, which are the host's.
# Expect: OK 0
# Expect-line: held 31
import os

from trial import held, must, refused

for name in ("null", "zero", "full", "random", "urandom"):
    path = "/dev/" + name
    refused("mode of " + path, lambda: os.chmod(path, 0))
    refused("owner of " + path, lambda: os.chown(path, 1000, 1000))
    refused("times of " + path, lambda: os.utime(path, (0, 0)))
    refused("removal of " + path, lambda: os.unlink(path))
    refused("another in its place " + path, lambda: os.rename("/work/main.py", path), "EXDEV", "EROFS", "EBUSY")
    refused("attribute of " + path, lambda: os.setxattr(path, "user.x", b"x"), "EPERM", "EROFS", "ENOTSUP", "EOPNOTSUPP")
with open("/dev/null", "wb") as file:
    file.write(b"swallowed")
must("null still swallows", open("/dev/null", "rb").read() == b"")
held()
