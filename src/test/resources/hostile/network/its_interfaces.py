# Changes its network: addresses, flags, names, routes, new interfaces, tunnels.
# Expect: OK 0
# Expect-line: held 15
import fcntl
import os
import socket
import struct

from trial import held, must, refused

one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
request = struct.pack("16s24s", b"lo", struct.pack("HH4s", socket.AF_INET, 0, socket.inet_aton("10.9.8.7")))
for name, number in (
    ("flags", 0x8914),
    ("address", 0x8916),
    ("mask", 0x891C),
    ("length", 0x8922),
    ("name", 0x8923),
    ("hardware", 0x8924),
    ("bridge", 0x89A0),
    ("queue", 0x8943),
):
    refused(name, lambda: fcntl.ioctl(one, number, request), "EPERM", "ENOTTY", "EOPNOTSUPP", "ENOPKG", "EINVAL")
for path in ("/dev/net/tun", "/dev/vhost-net", "/dev/vsock"):
    refused(path, lambda: os.open(path, os.O_RDWR), "ENOENT")


def ask(kind, body):
    with socket.socket(16, socket.SOCK_RAW, 0) as netlink:
        netlink.send(struct.pack("IHHII", 16 + len(body), kind, 0x605, 1, 0) + body)
        answer = netlink.recv(4096)
        error = struct.unpack_from("i", answer, 16)[0]
        if error < 0:
            raise OSError(-error, "")


dummy = struct.pack("BxHiII", 0, 0, 0, 0, 0) + struct.pack("HH", 8 + 16, 18) + struct.pack("HH", 9, 1) + b"dummy\0\0\0" + bytes(8)
refused("a new interface", lambda: ask(16, dummy))
refused("a new address", lambda: ask(20, struct.pack("BBBBI", 2, 8, 0, 0, 1) + struct.pack("HH4s", 8, 2, b"\x0a\1\1\1")))
refused("a new route", lambda: ask(24, struct.pack("BBBBBBBBI", 2, 0, 0, 0, 254, 3, 0, 1, 0) + struct.pack("HHi", 8, 4, 1)))
must("more than its own loopback", [name for _, name in socket.if_nameindex() if name in ("eth0", "ens3", "docker0", "wlan0")] == [])
held()
