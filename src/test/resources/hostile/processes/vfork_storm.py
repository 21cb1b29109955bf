# Starts and ends 200 small programs one after another, each by vfork.
# Expect: OK 0
# Expect-line: held 200
import os

from trial import held, must

for number in range(200):
    pid = os.posix_spawn("/usr/bin/true", ["true"], {})
    must(f"program {number}", os.waitpid(pid, 0) == (pid, 0))
held()
