# Writes to the system's files by mapping them, and by the hole of a few years ago in the pipes' pages.
# Expect: OK 0
# Expect-line: held 4
import mmap
import os

from trial import held, must, refused

path = "/etc/passwd"
file = os.open(path, os.O_RDONLY)
refused("a shared mapping", lambda: mmap.mmap(file, 10, prot=mmap.PROT_READ | mmap.PROT_WRITE))
before = open(path, "rb").read()
reading, writing = os.pipe()
for _ in range(16):  # each page of the pipe has been used once, and may be written on
    os.write(writing, bytes(4096))
for _ in range(16):
    os.read(reading, 4096)
os.splice(file, writing, 1, offset_src=4)
os.write(writing, b"written over")
must("the pipe's page is the file's", open(path, "rb").read() == before)
private = mmap.mmap(file, 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
private[:4] = b"evil"
must("a private mapping is shared", open(path, "rb").read() == before)
refused("through /proc", lambda: os.open("/proc/self/mem", os.O_RDWR), "EROFS", "EACCES", "EPERM", "ENOENT")
held()
