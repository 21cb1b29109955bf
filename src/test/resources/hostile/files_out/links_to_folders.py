# Links to folders, and results below them.
# Collect: **
# Collect: etc/*
# Collect: top/etc/passwd
# Expect-file: good.txt=good
# May-file: main.py
# Expect-no: root:
# Expect: OK 0
import os

open("good.txt", "w").write("good")
os.symlink("/etc", "etc")
os.symlink("/", "top")
os.symlink(".", "here")
os.symlink("/proc/self", "self")
os.symlink("..", "up")
