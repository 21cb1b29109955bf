# Links to files of the jail and of the host, in place of results.
# Collect: *
# Expect-file: good.txt=good
# May-file: main.py
# Expect-no: root:
# Expect: OK 0
import os

open("good.txt", "w").write("good")
for number, target in enumerate(
    (
        "/etc/passwd",
        "/etc/shadow",
        "/proc/self/environ",
        "/proc/1/environ",
        "/dev/zero",
        "/dev/stdin",
        "../etc/passwd",
        "good.txt",
        "loop7",
        "/bay/s",
    )
):
    os.symlink(target, f"loop{number}")
