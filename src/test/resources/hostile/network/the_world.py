# Reaches for the internet, the machine's network and a cloud's metadata, over both protocols.
# Expect: OK 0
# Expect-line: held 14
import socket

from trial import held, refused

NOWHERE = ("ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EACCES")
for address in ("1.1.1.1", "8.8.8.8", "169.254.169.254", "10.0.0.1", "172.17.0.1", "192.168.0.1", "224.0.0.1", "255.255.255.255"):
    refused("TCP to " + address, lambda: socket.create_connection((address, 80), 2), *NOWHERE)
for address in ("8.8.8.8", "169.254.169.254", "224.0.0.251", "255.255.255.255"):
    refused("UDP to " + address, lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", (address, 53)), *NOWHERE)
for address in ("2606:4700:4700::1111", "fe80::1%1"):
    refused("TCP to " + address, lambda: socket.create_connection((address, 80), 2), *NOWHERE, "EINVAL")
held()
