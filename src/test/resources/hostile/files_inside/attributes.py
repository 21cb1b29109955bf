# Extended attributes that carry rights.
# Expect: OK 0
# Expect-line: held 4
import os

from trial import held, refused

open("file", "w").close()
refused("capabilities", lambda: os.setxattr("file", "security.capability", bytes.fromhex("0100000200000020000000000000000000000000")))
refused("trusted", lambda: os.setxattr("file", "trusted.x", b"x"))
refused("overlay", lambda: os.setxattr("file", "trusted.overlay.opaque", b"y"))
refused("on the system's files", lambda: os.setxattr("/usr/bin/id", "user.x", b"x"), "EROFS", "EACCES", "EPERM")
held()
