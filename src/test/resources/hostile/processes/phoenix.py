# A process that lives on in its child: each lives only long enough to make the next, before and after the program's end.
# Expect: OK 0
# Expect-line: gone
# May-hit: processes
import os
import time

if os.fork() == 0:
    os.setsid()
    os.close(1)
    os.close(2)
    while True:
        try:
            if os.fork():
                os._exit(0)
        except OSError:
            pass
time.sleep(0.1)
print("gone")
