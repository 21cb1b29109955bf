# Ten daemons of the classic kind, busy, idle and stopped, that ignore every signal; then the program ends.
# Expect: OK 0
# Expect-line: ten daemons
import os
import signal

made, tell = os.pipe()
for number in range(10):
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        for ignored in range(1, 65):
            try:
                signal.signal(ignored, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        os.write(tell, b".")
        if number % 3 == 1:
            os.kill(os.getpid(), signal.SIGSTOP)
        while True:
            if number % 3:
                signal.pause()
    os.wait()
seen = b""
while len(seen) < 10:
    seen += os.read(made, 10)
print("ten daemons")
