# Asks for names, by the C library and by hand.
# Expect: OK 0
# Expect-line: held 5
import socket

from trial import held, must, refused

for name in ("example.com", "metadata.google.internal", "host.docker.internal", "redis"):
    try:
        socket.getaddrinfo(name, 80)
        must(name, False)
    except socket.gaierror:
        must(name, True)
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.connect(("127.0.0.53", 53))
one.send(b"\0\1\1\0\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0\1")
one.settimeout(1)
refused("a resolver", lambda: one.recv(512), "ECONNREFUSED")
held()
