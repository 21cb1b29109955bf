# One file under a thousand names, so that little becomes much.
# Collect: *.bin
# May-file: *.bin
# Expect: OK 0
import os

with open("0.bin", "wb") as file:
    file.write(os.urandom(1 << 20))
for number in range(1, 1000):
    os.link("0.bin", f"{number}.bin")
