# Every system call there is or may be, with nonsense: each in a child of its own, under an alarm.
# Expect: OK 0
# Expect-line: 640 calls
# Limit: cpu_ms=10000
import os
import random
import signal

from trial import libc

chance = random.Random(4)
function = libc().syscall
null = os.open("/dev/null", os.O_RDWR)
done = 0
for number in range(640):
    if os.fork() == 0:
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        try:
            function(number, *(chance.choice((0, 1, -1, 4096, 1 << 30)) for _ in range(6)))
        finally:
            os._exit(0)
    os.wait()
    done += 1
print(done, "calls")
