# Connects to the listeners of the job beside it.
# Expect: OK 0
# Expect-line: held 4
import socket

from trial import held, refused


def ask_by_datagram():
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.settimeout(2)
    one.connect(("127.0.0.1", 7777))
    one.send(b"x")
    one.recv(10)


refused("TCP", lambda: socket.create_connection(("127.0.0.1", 7777), 2), "ECONNREFUSED")
refused("TCP to all", lambda: socket.create_connection(("0.0.0.0", 7777), 2), "ECONNREFUSED")
refused("UDP", ask_by_datagram, "ECONNREFUSED")
refused("abstract", lambda: socket.socket(socket.AF_UNIX).connect("\0neighbour"), "ECONNREFUSED")
held()
