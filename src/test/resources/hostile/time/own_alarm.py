# Dies of its own alarm: that is its own affair and no limit.
# Expect: SIGNALED SIGALRM
# Expect-line: begun
import signal

print("begun", flush=True)
signal.setitimer(signal.ITIMER_REAL, 0.05)
while True:
    signal.pause()
