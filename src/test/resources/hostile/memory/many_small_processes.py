# Children that take little each, and too much together.
# Expect: MEMORY_LIMIT | OK
# Expect-hit: memory
# Expect-line: begun
# Limit: memory_bytes=50331648
import os
import signal
import time

print("begun", flush=True)
ready, tell = os.pipe()
children = []
for _ in range(20):
    child = os.fork()
    if child == 0:
        mine = bytearray(b"x") * 4000000
        os.write(tell, b".")
        time.sleep(60)
    children.append(child)
ends = 0
while ends == 0:
    ends, status = os.waitpid(-1, 0)
print("a child died of", signal.Signals(os.waitstatus_to_exitcode(status) * -1).name)
