# Timers of its own in all three kinds, which interrupt it without end.
# Expect: CPU_LIMIT
# Expect-line: begun
# Limit: cpu_ms=200
import signal

seen = 0


def count(number, frame):
    global seen
    seen += 1


print("begun", flush=True)
for timer, number in (
    (signal.ITIMER_REAL, signal.SIGALRM),
    (signal.ITIMER_VIRTUAL, signal.SIGVTALRM),
    (signal.ITIMER_PROF, signal.SIGPROF),
):
    signal.signal(number, count)
    signal.setitimer(timer, 0.0001, 0.0001)
while True:
    pass
