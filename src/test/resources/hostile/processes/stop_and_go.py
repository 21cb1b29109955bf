# Two processes that stop and wake each other without end.
# Expect: CPU_LIMIT | WALL_LIMIT
# Expect-line: begun
# Limit: wall_ms=400
import os
import signal

print("begun", flush=True)
other = os.getpid()
child = os.fork()
if child:
    other = child
while True:
    os.kill(other, signal.SIGSTOP)
    os.kill(other, signal.SIGCONT)
