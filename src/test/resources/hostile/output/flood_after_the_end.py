# A child writes when the program is gone: nobody listens any more.
# Expect: OK 0
# Expect-line: the program
# Expect-no: child
import os
import time

print("the program", flush=True)
if os.fork() == 0:
    os.setsid()
    time.sleep(0.3)
    while True:
        os.write(1, b"child" * 1000)
