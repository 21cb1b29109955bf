# Listens where the job before it did.
# Expect: OK 0
# Expect-line: free
import socket

server = socket.create_server(("127.0.0.1", 8080), reuse_port=False)
one = socket.socket(socket.AF_UNIX)
one.bind("\0left")
print("free")
