# Large files that have no name any more, open in daemons.
# Expect: OK 0
# Expect-line: left
# After-peak: 25000000
# Limit: memory_bytes=134217728
import os
import signal

for number in range(5):
    ready, tell = os.pipe()
    if os.fork() == 0:
        os.setsid()
        file = os.open(f"/tmp/{number}", os.O_CREAT | os.O_RDWR)
        os.unlink(f"/tmp/{number}")
        os.write(file, bytes(8 << 20))
        os.write(tell, b".")
        while True:
            signal.pause()
    os.read(ready, 1)
print("left")
