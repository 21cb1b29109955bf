# Wants rights: capabilities, other users, groups, bits that bring rights back.
# Expect: OK 0
# Expect-line: held 19
import ctypes
import os

from trial import held, must, refused, syscall

status = dict(line.split(":\t") for line in open("/proc/self/status").read().splitlines() if ":\t" in line)
for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
    must(name, int(status[name], 16) == 0)
must("may gain rights", status["NoNewPrivs"] == "1")
must("groups", status["Groups"].strip() == "")
refused("user 0", lambda: os.setuid(0), "EPERM", "EINVAL")
refused("effective user 0", lambda: os.seteuid(0), "EPERM", "EINVAL")
refused("group 0", lambda: os.setgid(0), "EPERM", "EINVAL")
refused("groups", lambda: os.setgroups([0]), "EPERM", "EINVAL")
refused("all three users", lambda: os.setresuid(0, 0, 0), "EPERM", "EINVAL")
header = (ctypes.c_uint32 * 2)(0x20080522, 0)
refused("capabilities", lambda: syscall("capset", header, (ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6)))
refused("ambient capabilities", lambda: syscall("prctl", 47, 2, 21, 0, 0))
refused("secure bits", lambda: syscall("prctl", 28, 0, 0, 0, 0))
refused("new privileges", lambda: syscall("prctl", 38, 0, 0, 0, 0), "EINVAL")
for name, line in (("uid_map", "0 0 1"), ("gid_map", "0 0 1"), ("setgroups", "allow")):
    refused(name, lambda: open("/proc/self/" + name, "w").write(line))
held()
