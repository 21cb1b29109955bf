# Types into the terminal of whoever started the node, and takes one for itself.
# Expect: OK 0
# Expect-line: held 11
import fcntl
import os

from trial import held, refused

TIOCSTI, TIOCLINUX, TIOCSCTTY, TIOCCONS = 0x5412, 0x541C, 0x540E, 0x541D
for descriptor in (0, 1, 2):
    refused(f"a key typed on {descriptor}", lambda: fcntl.ioctl(descriptor, TIOCSTI, b"x"))
    refused(f"the console of {descriptor}", lambda: fcntl.ioctl(descriptor, TIOCLINUX, b"\x0b"))
refused("with high bits", lambda: fcntl.ioctl(0, TIOCSTI | 1 << 31, b"x"), "EPERM", "ENOTTY")
refused("a terminal of its own", lambda: fcntl.ioctl(0, TIOCSCTTY, 1), "EPERM", "ENOTTY")
refused("the machine's console", lambda: fcntl.ioctl(0, TIOCCONS), "EPERM", "ENOTTY")
refused("a new terminal", lambda: os.openpty(), "ENOENT", "ENODEV", "EACCES")
refused("its terminal", lambda: os.open("/dev/tty", os.O_RDWR), "ENOENT")
held()
