# A file that is larger than what is handed back, and one that is mostly holes.
# Collect: *
# Expect-file: good.txt=good
# May-file: *
# Expect: OK 0
# Limit: disk_bytes=67108864
import os

open("good.txt", "w").write("good")
with open("large.bin", "wb") as file:
    file.write(os.urandom(1 << 20) * 24)
with open("holes.bin", "wb") as file:
    file.truncate(60 << 20)
