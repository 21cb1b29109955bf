# Leaves files with names that are no text, that look like orders, and that nobody can open.
# Expect: OK 0
# Expect-line: 8 strange files
import os
import socket

names = [b"new\nline", b"\xff\xfe", b"-rf", b"\x1b[2J", b"a" * 255, "👻".encode(), b" ", b"..."]
for name in names:
    os.close(os.open(name, os.O_CREAT | os.O_WRONLY, 0))
os.mkdir("closed")
os.close(os.open("closed/file", os.O_CREAT))
os.chmod("closed", 0)
os.mkfifo("pipe")
socket.socket(socket.AF_UNIX).bind("socket")
os.symlink("loop", "loop")
print(len([name for name in os.listdir(b".") if name in names]), "strange files")
os.chmod(".", 0)
