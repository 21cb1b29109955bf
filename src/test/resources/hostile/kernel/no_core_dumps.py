# Dies in the ways that leave a picture of the memory behind.
# Expect: SIGNALED SIGABRT
# Expect-line: held 5
import os
import resource
import signal

from trial import held, must, refused

refused("core files wanted", lambda: resource.prlimit(0, resource.RLIMIT_CORE, (1 << 20, 1 << 20)))
for number in (signal.SIGSEGV, signal.SIGQUIT, signal.SIGTRAP):
    child = os.fork()
    if child == 0:
        os.kill(os.getpid(), number)
    must(f"a picture of {number.name}", not os.WCOREDUMP(os.waitpid(child, 0)[1]))
must("a file", not [name for name in os.listdir("/work") if "core" in name])
held()
os.abort()
