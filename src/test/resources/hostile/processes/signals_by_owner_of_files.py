# Makes process 1 the owner of a pipe's and a socket's signals, and asks for SIGKILL and SIGSTOP.
# Expect: OK 0
# Expect-line: held 1
import fcntl
import os
import signal
import socket

from trial import held, must

F_SETSIG = 10
reading, writing = os.pipe()
here, there = socket.socketpair()
for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGIO):
    for descriptor in (reading, here.fileno()):
        fcntl.fcntl(descriptor, fcntl.F_SETOWN, 1)
        fcntl.fcntl(descriptor, F_SETSIG, number)
        fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    os.write(writing, b"x")
    there.send(b"x")
with open("/proc/1/stat") as file:
    must("process 1 is stopped or dead", file.read().rpartition(")")[2].split()[0] in "SRD")
held()
