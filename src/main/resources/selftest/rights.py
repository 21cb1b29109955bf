# No right of the host's may be left. Prints what is wrong, or "held".
import os
import resource

wrong = []
status = dict(line.rstrip("\n").split(":\t", 1) for line in open("/proc/self/status"))
for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
    if int(status[name], 16):
        wrong.append(f"{name} is {status[name]}")
if status["NoNewPrivs"] != "1":
    wrong.append("new privileges can be had")
if status["Seccomp"] != "2":
    wrong.append("there is no system-call filter")
if os.getresuid() != (1000, 1000, 1000) or os.getresgid() != (1000, 1000, 1000):
    wrong.append(f"user {os.getresuid()}, group {os.getresgid()}")
if any(group not in (1000, 65534) for group in os.getgroups()):
    wrong.append(f"groups {os.getgroups()}")
if resource.getrlimit(resource.RLIMIT_CORE) != (0, 0):
    wrong.append("core dumps are on")
try:
    os.setuid(0)
    wrong.append("it can become root")
except OSError:
    pass
print("; ".join(wrong) or "held")
