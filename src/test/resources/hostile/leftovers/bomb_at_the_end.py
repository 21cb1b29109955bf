# Forks as fast as it can and ends in the middle of it, so that whoever ends the rest runs after new ones.
# Expect: OK 0
# Expect-line: ending
# May-hit: processes
# Limit: processes=64
import os

waiting, go = os.pipe()
for _ in range(4):
    if os.fork() == 0:
        os.setsid()
        os.close(go)
        os.close(1)
        os.close(2)
        os.read(waiting, 1)  # until all four are there
        while True:
            try:
                os.fork()
            except OSError:
                pass
os.close(go)
print("ending", flush=True)
os._exit(0)
