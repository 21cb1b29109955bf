# Starts threads until no more are given.
# Expect: OK 0
# Expect-line: refused at last
# Expect-hit: processes
# Limit: processes=40
import os
import threading

forever = threading.Event()
try:
    while threading.active_count() < 50:
        threading.Thread(target=forever.wait, daemon=True).start()
except RuntimeError:
    print("refused at last", flush=True)
os._exit(0)
