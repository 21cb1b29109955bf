import mmap
import os

with open("mapped", "wb") as file:
    file.write(b"0123456789" * 1000)
with open("mapped", "r+b") as file, mmap.mmap(file.fileno(), 0) as mapping:
    mapping[:5] = b"hello"
    print(len(mapping), mapping.find(b"56789", 20), mapping[:12])
    mapping.flush()
    mapping.resize(20000)
    mapping.move(10000, 0, 10)
print(open("mapped", "rb").read()[10000:10010], os.path.getsize("mapped"))
shared = mmap.mmap(-1, 4096)
if os.fork() == 0:
    shared.write(b"from the child")
    os._exit(0)
os.wait()
print(shared[:14])
private = mmap.mmap(-1, 1 << 28, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
print(len(private), private[1 << 27])
