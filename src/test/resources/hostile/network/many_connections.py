# As many connections with full buffers as it can have, in many processes, left open.
# Expect: OK 0 | MEMORY_LIMIT
# Expect-line: begun
# May-hit: processes
# May-hit: memory
# Limit: cpu_ms=10000
import os
import socket

print("begun", flush=True)
server = socket.create_server(("127.0.0.1", 0), backlog=4096)
for _ in range(20):
    if os.fork() == 0:
        mine = []
        try:
            while True:
                one = socket.create_connection(server.getsockname(), 0.1)
                one.setblocking(False)
                mine.append(one)
                one.send(bytes(100000))
        except OSError:
            os._exit(0)
for _ in range(20):
    os.wait()
