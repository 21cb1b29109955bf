# Leaves listeners, connections with data on their way, and sockets in flight in daemons.
# Expect: OK 0
# Expect-line: left
import os
import signal
import socket

server = socket.create_server(("127.0.0.1", 8080))
one = socket.socket(socket.AF_UNIX)
one.bind("\0left")
one.listen()
clients = [socket.create_connection(("127.0.0.1", 8080)) for _ in range(20)]
for client in clients:
    client.setblocking(False)
    client.send(bytes(10000))
here, there = socket.socketpair()
socket.send_fds(here, [b"x"], [server.fileno(), one.fileno(), there.fileno()])
if os.fork() == 0:
    os.setsid()
    while True:
        signal.pause()
print("left")
