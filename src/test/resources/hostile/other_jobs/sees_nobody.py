# Looks for processes that are not its own.
# Expect: OK 0
# Expect-line: held 4
import os

from trial import held, must

pids = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
must(f"processes {pids}", pids == [1, os.getpid()])
must("a parent of its own", os.getppid() == 1)
must("nobody above process 1", open("/proc/1/stat").read().rpartition(")")[2].split()[1] == "0")
found = []
for pid in range(1, 40000):
    try:
        os.kill(pid, 0)
        found.append(pid)
    except ProcessLookupError:
        pass
    except PermissionError:
        found.append(pid)
must(f"processes that can be signalled {found}", found == [1, os.getpid()])
held()
