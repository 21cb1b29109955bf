# Makes empty files and folders until there are no more.
# Expect: OK 0
# Expect-line: held 3
# Limit: cpu_ms=10000
import os

from trial import held, refused


def fill(place):
    number = 0
    while True:
        number += 1
        if number % 2:
            os.mkdir(f"{place}/{number}")
        else:
            os.close(os.open(f"{place}/{number}", os.O_CREAT))


for place in ("/work", "/tmp", "/dev/shm"):
    refused(place, lambda: fill(place), "ENOSPC")
held()
