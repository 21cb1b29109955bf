import hashlib
import os

block = bytes(range(256)) * 4096
with open("large", "wb") as file:
    for _ in range(30):
        file.write(block)
print(os.path.getsize("large"))
digest = hashlib.md5()
with open("large", "rb") as file:
    while data := file.read(1 << 16):
        digest.update(data)
print(digest.hexdigest())
os.truncate("large", 1000)
with open("large", "r+b") as file:
    file.seek(10)
    file.write(b"here")
    file.seek(0, os.SEEK_END)
    print(file.tell())
with open("/dev/shm/ordinary-large", "wb") as file:
    file.write(block)
print(os.path.getsize(file.name))
os.remove(file.name)
