# Connects to sockets without a file: of desktops, buses, containers and of other jobs.
# Expect: OK 0
# Expect-line: held 24
import socket

from trial import held, refused

for name in (
    "\0/tmp/.X11-unix/X0",
    "\0/tmp/dbus-x",
    "\0/org/freedesktop/systemd1",
    "\0/containerd-shim/x",
    "\0neighbour",
    "\0",
    "\0/com/ubuntu/upstart",
    "\0onpyrunner",
):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        refused(f"{name!r} {kind}", lambda: socket.socket(socket.AF_UNIX, kind).connect(name), "ECONNREFUSED", "EINVAL")
held()
