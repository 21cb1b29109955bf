# Takes everything that the job beside it has, under the same names, and spoils it.
# Expect: OK 0
# Expect-line: taken
import ctypes
import os
import socket

from trial import call, libc

for path in ("/work/mine", "/tmp/mine", "/dev/shm/mine"):
    with open(path, "x") as file:
        file.write("spoilt")
server = socket.create_server(("127.0.0.1", 7777))
one = socket.socket(socket.AF_UNIX)
one.bind("\0neighbour")
one.listen()
libc().shmat.restype = ctypes.c_void_p
segment = call("shmget", 0x6E6A, 4096, 0o1666)
ctypes.memset(libc().shmat(segment, None, 0), 0xFF, 4096)
messages = call("msgget", 0x6E6A, 0o1666)
call("msgsnd", messages, (ctypes.c_long * 2)(1, 0), 8, 0)
shape = (ctypes.c_long * 8)(0, 4, 64)
queue = call("mq_open", b"/neighbour", os.O_CREAT | os.O_RDWR, 0o666, shape)
call("mq_send", queue, b"x", 1, 0)
for kill in ("shmctl", "msgctl"):
    call(kill, segment if kill == "shmctl" else messages, 0, None)
call("mq_unlink", b"/neighbour")
print("taken")
