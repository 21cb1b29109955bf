# Files and folders that become links and files again as fast as can be, before and after the program's end.
# Collect: **
# May-file: **
# Expect-no: root:
# Expect: OK 0
import os

if os.fork() == 0:
    os.setsid()
    for stream in (1, 2):
        os.close(stream)
    os.mkdir("one")
    os.symlink("/etc", "two")
    open("file", "w").write("mine")
    os.symlink("/etc/passwd", "link")
    while True:
        for first, second in (("one", "two"), ("file", "link")):
            os.rename(first, "spare")
            os.rename(second, first)
            os.rename("spare", second)
for number in range(300):
    open(f"x{number}", "w").write("mine")
