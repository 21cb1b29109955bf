# Busy in the kernel, not in the program.
# Expect: CPU_LIMIT
# Expect-line: begun
# Limit: cpu_ms=200
import os

print("begun", flush=True)
zero, null = os.open("/dev/zero", os.O_RDONLY), os.open("/dev/null", os.O_WRONLY)
while True:
    os.write(null, os.read(zero, 1 << 20))
