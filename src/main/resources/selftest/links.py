# Leaves files of every kind behind: only the regular one may be handed back.
import os
import socket

with open("regular.txt", "w") as file:
    file.write("held")
os.symlink("/etc/passwd", "link")
os.symlink("/", "folder_link")
os.symlink("regular.txt", "link_inside")
os.mkfifo("fifo")
socket.socket(socket.AF_UNIX).bind("socket")
os.mkdir("folder")
os.symlink("../..", "folder/up")
