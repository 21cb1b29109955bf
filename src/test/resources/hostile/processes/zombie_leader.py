# The first thread ends and the process goes on in another: its leader is a zombie that still runs.
# Expect: WALL_LIMIT
# Expect-line: without a leader
# Limit: wall_ms=400
import threading
import time

from trial import syscall


def go_on():
    with open("/proc/self/stat") as file:
        while file.read().rpartition(")")[2].split()[0] != "Z":
            file.seek(0)
    print("without a leader", flush=True)
    while True:
        time.sleep(1)


threading.Thread(target=go_on).start()
syscall("exit", 0)
