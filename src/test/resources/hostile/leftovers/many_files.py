# Leaves files, folders, pipes, sockets and links in all places, more than anybody would clear away by hand.
# Expect: OK 0
# Expect-line: left
# Limit: cpu_ms=10000
import os
import socket

for place in ("/work", "/tmp", "/dev/shm"):
    os.mkdir(place + "/left")
    for number in range(80 if place == "/dev/shm" else 1000):
        path = f"{place}/left/{number}"
        match number % 4:
            case 0:
                open(path, "w").write("x" * 100)
            case 1:
                os.symlink("/etc/passwd", path)
            case 2:
                os.mkfifo(path)
            case 3:
                with socket.socket(socket.AF_UNIX) as one:
                    one.bind(path)
print("left")
