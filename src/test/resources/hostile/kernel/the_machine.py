# Stops, changes and names the machine.
# Expect: OK 0
# Expect-line: held 21
import ctypes
import socket

from trial import held, refused, syscall

buffer = ctypes.create_string_buffer(256)
for command in (0x4321FEDC, 0x01234567, 0xCDEF0123, 0x89ABCDEF):
    refused(f"reboot {command:x}", lambda: syscall("reboot", 0xFEE1DEAD, 672274793, command, 0))
refused("another kernel", lambda: syscall("kexec_load", 0, 0, 0, 0))
refused("another kernel from a file", lambda: syscall("kexec_file_load", 0, 0, 0, b"", 0))
refused("a module", lambda: syscall("init_module", buffer, 256, b""))
refused("a module from a file", lambda: syscall("finit_module", 0, b"", 0))
refused("a module removed", lambda: syscall("delete_module", b"x", 0))
refused("swap", lambda: syscall("swapon", b"/work/main.py", 0))
refused("swap off", lambda: syscall("swapoff", b"/dev/zram0"))
refused("accounting", lambda: syscall("acct", b"/work/acct"))
for kind in (2, 3, 5, 10):
    refused(f"kernel log {kind}", lambda: syscall("syslog", kind, buffer, 256))
refused("the host's name", lambda: socket.sethostname("mine"))
refused("the domain's name", lambda: syscall("setdomainname", b"mine", 4))
refused("quotas", lambda: syscall("quotactl", 0x80000100, b"/dev/vda", 0, buffer))
refused("quotas by file", lambda: syscall("quotactl_fd", 0, 0, 0, buffer))
refused("hang up", lambda: syscall("vhangup"))
held()
