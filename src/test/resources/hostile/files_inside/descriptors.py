# Opens files until no more are given, by each of several ways, and in children as well.
# Expect: OK 0
# Expect-line: held 5
import os
import socket

from trial import held, refused


def exhaust(open_one):
    opened = []
    try:
        while True:
            opened.append(open_one())
    finally:
        for one in opened:
            os.close(one)


refused("files", lambda: exhaust(lambda: os.open("/dev/null", os.O_RDONLY)), "EMFILE")
refused("copies", lambda: exhaust(lambda: os.dup(1)), "EMFILE")
refused("memory files", lambda: exhaust(lambda: os.memfd_create("x")), "EMFILE")
refused("event counters", lambda: exhaust(lambda: os.eventfd(0)), "EMFILE")
refused("sockets", lambda: exhaust(lambda: socket.socket().detach()), "EMFILE")
for _ in range(20):
    if os.fork() == 0:
        try:
            exhaust(lambda: os.open("/dev/null", os.O_RDONLY))
        except OSError:
            os._exit(0)
    os.wait()
held()
