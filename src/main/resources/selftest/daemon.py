# Leaves processes behind that want to stay: a daemon, a stopped one, one that ignores signals.
import os
import signal

for kind in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if kind == 1:
            os.kill(os.getpid(), signal.SIGSTOP)
        while True:
            signal.pause()
print("left")
