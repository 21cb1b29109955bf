# A daemon that goes on writing to the result when the program has ended.
# Collect: *.txt
# Expect-file: good.txt=good
# May-file: *.txt
# Expect: OK 0
import os

open("good.txt", "w").write("good")
if os.fork() == 0:
    os.setsid()
    for stream in (1, 2):
        os.close(stream)
    with open("grows.txt", "wb", buffering=0) as file:
        while True:
            try:
                file.write(b"x" * 65536)
            except OSError:
                file.seek(0)
                file.truncate()
while not os.path.exists("grows.txt"):
    pass
