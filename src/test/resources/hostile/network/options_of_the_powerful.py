# Options of sockets that reach beyond the socket.
# Expect: OK 0
# Expect-line: held 8
import socket

from trial import held, refused

one = socket.socket()
options = {
    "mark": (1, 36),
    "transparent": (0, 19),
    "forced buffer": (1, 32),
    "forced receive buffer": (1, 33),
    "debug": (1, 1),
    "priority": (1, 12),
}
for name, (level, option) in options.items():
    refused(name, lambda: one.setsockopt(level, option, 1 << 20 if "buffer" in name else 7))
refused("port 80", lambda: socket.socket().bind(("0.0.0.0", 80)))
refused("port 22 of version 6", lambda: socket.socket(socket.AF_INET6).bind(("::", 22)))
held()
