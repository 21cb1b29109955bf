# Ends while eight threads are busy or asleep in the kernel.
# Expect: OK 0
# Expect-line: ending
import hashlib
import os
import threading
import time


def work(kind):
    while True:
        time.sleep(60) if kind else hashlib.sha256(bytes(1 << 20))


for number in range(8):
    threading.Thread(target=work, args=(number % 2,), daemon=True).start()
print("ending", flush=True)
os._exit(0)
