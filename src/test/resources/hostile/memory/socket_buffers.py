# Fills the buffers of as many sockets as it may open.
# Expect: MEMORY_LIMIT | OK
# Expect-line: begun
# May-hit: memory
# Limit: memory_bytes=33554432
import socket

print("begun", flush=True)
pairs = []
try:
    while True:
        pair = socket.socketpair()
        pairs.append(pair)
        for one in pair:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 30)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 30)
            one.setblocking(False)
            try:
                while True:
                    one.send(bytes(60000))
            except BlockingIOError:
                pass
except OSError:
    print("no more sockets", flush=True)
