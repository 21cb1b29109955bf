# Looks into process 1: its memory, files, folders and secrets.
# Expect: OK 0
# Expect-line: held 26
import os

from trial import held, refused

for name in ("mem", "maps", "smaps", "pagemap", "environ", "auxv", "syscall", "stack", "io", "personality"):
    refused(name, lambda: open(f"/proc/1/{name}", "rb").read(), "EACCES", "EPERM", "ENOENT")
for name in ("root", "cwd", "exe", "ns/user", "ns/mnt", "ns/net", "ns/pid"):
    refused(name, lambda: os.readlink(f"/proc/1/{name}"))
for name in ("root/", "cwd/", "fd", "fdinfo", "map_files", "task/1/fd"):
    refused(name, lambda: os.listdir(f"/proc/1/{name}"), "EACCES", "EPERM", "ENOENT")
for number in range(3):
    refused(f"descriptor {number}", lambda: os.open(f"/proc/1/fd/{number}", os.O_RDWR))
held()
