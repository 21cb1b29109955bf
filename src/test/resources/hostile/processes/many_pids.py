# Goes through 1,500 process ids and checks that each end is the right one.
# Expect: OK 0
# Expect-line: held 1500
# Limit: cpu_ms=10000
import os

from trial import held, must

for number in range(1500):
    pid = os.fork()
    if pid == 0:
        os._exit(number % 256)
    must(f"the end of process {pid}", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == number % 256)
held()
