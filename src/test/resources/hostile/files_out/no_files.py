# Pipes, sockets, folders and devices in place of results: opening them would wait for ever.
# Collect: *
# Expect-file: good.txt=good
# May-file: main.py
# Expect: OK 0
import os
import socket

open("good.txt", "w").write("good")
os.mkfifo("pipe")
os.mkfifo("result.txt")
socket.socket(socket.AF_UNIX).bind("socket.txt")
os.mkdir("folder.txt")
os.mkdir("folder.txt/deeper")
