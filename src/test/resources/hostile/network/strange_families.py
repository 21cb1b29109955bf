# Sockets of every family and kind there may be: only four families are given, and of netlink only the routes.
# Expect: OK 0
# Expect-line: families 1 2 10 16
# Expect-line: netlink 0
import socket

families, netlinks = set(), set()
for family in range(64):
    for kind in (1, 2, 3, 4, 5, 10):
        for protocol in range(32):
            try:
                socket.socket(family, kind, protocol).close()
            except OSError:
                continue
            families.add(family)
            if family == socket.AF_NETLINK:
                netlinks.add(protocol)
print("families", *sorted(families))
print("netlink", *sorted(netlinks))
