# Wants more than its resource limits, as itself and for process 1.
# Expect: OK 0
# Expect-line: held 20
import resource

from trial import held, must, refused

NAMES = ("CORE", "FSIZE", "MEMLOCK", "MSGQUEUE", "NICE", "NOFILE", "NPROC", "RTPRIO", "SIGPENDING", "STACK")
for name in NAMES:
    kind = getattr(resource, "RLIMIT_" + name)
    hard = resource.getrlimit(kind)[1]
    if hard == resource.RLIM_INFINITY:
        must(name + " has no hard limit", name == "STACK")
    else:
        try:
            resource.setrlimit(kind, (hard + 1, hard + 1))
            must(name + " raised", False)
        except (OSError, ValueError):
            must(name, True)
    refused(name + " of process 1", lambda kind=kind: resource.prlimit(1, kind, (0, 0)))
held()
