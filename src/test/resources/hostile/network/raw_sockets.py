# Sockets that make or see whole packets.
# Expect: OK 0
# Expect-line: held 13
import socket

from trial import held, refused

for family in (socket.AF_INET, socket.AF_INET6):
    for protocol in (1, 6, 17, 58, 255):
        refused(f"raw {family} {protocol}", lambda: socket.socket(family, socket.SOCK_RAW, protocol))
refused("ping", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP))
refused("all packets", lambda: socket.socket(17, socket.SOCK_RAW, 0x300))
refused("packets without headers", lambda: socket.socket(17, socket.SOCK_DGRAM, 0x300))
held()
