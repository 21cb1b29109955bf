# Runs a program from where none may run.
# Expect: OK 0
# Expect-line: held 2
import mmap
import os
import shutil

from trial import held, refused

shutil.copy("/usr/bin/true", "/dev/shm/true")
refused("a program", lambda: os.posix_spawn("/dev/shm/true", ["true"], {}))
with open("/dev/shm/true", "rb") as file:
    refused("code", lambda: mmap.mmap(file.fileno(), 4096, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_EXEC))
held()
