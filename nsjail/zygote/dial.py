"""dial.py SOCKET NUMBER [DOOR...] -- COMMAND...: becomes COMMAND, with a connection to a zygote as descriptor 9.

Before that the forker at the other end is moved to the control groups behind the doors (files named cgroup.procs), and its pid is written to
the file NUMBER.
"""

import os
import socket
import struct
import sys
import time

AT = 9
WITHIN_S = 20  # a zygote imports its modules before it listens


def connect(path):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    end = time.monotonic() + WITHIN_S
    while True:
        try:
            connection.connect(path)
            return connection
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > end:
                raise
            time.sleep(0.005)  # nothing tells when it listens


def forker(connection):
    """The process at the other end, as the kernel says."""
    connection.settimeout(WITHIN_S)
    said, rights, _, _ = connection.recvmsg(1, socket.CMSG_SPACE(12))
    if said != b"F":
        sys.exit("the zygote has ended")
    return struct.unpack("3i", rights[0][2])[0]


def main():
    end = sys.argv.index("--")
    path, number, *doors = sys.argv[1:end]
    connection = connect(path)
    pid = forker(connection)
    for place in (*doors, number):
        with open(place, "w") as file:
            file.write(str(pid))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
    connection.setblocking(True)
    os.dup2(connection.fileno(), AT, inheritable=True)
    os.execvp(sys.argv[end + 1], sys.argv[end + 1 :])


main()
