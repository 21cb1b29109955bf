# The same again: had anything of it been left, it could not be made anew.
# Expect: OK 0
# Expect-line: held 10
import os

from trial import call, held, must, refused

for key in range(1, 4):
    refused(f"shared memory {key}", lambda: call("shmget", key, 0, 0), "ENOENT")
    refused(f"messages {key}", lambda: call("msgget", key, 0), "ENOENT")
    refused(f"semaphores {key}", lambda: call("semget", key, 0, 0), "ENOENT")
must("files in shared memory", os.listdir("/dev/shm") == [])
held()
