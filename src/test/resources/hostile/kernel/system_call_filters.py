# Adds filters of its own, that lie: errors it may tell itself, rights it may not win.
# Expect: OK 0
# Expect-line: held 4
import ctypes

from trial import held, refused, syscall

allow = ctypes.create_string_buffer(bytes.fromhex("0600000000 00ff7f".replace(" ", "")), 8)
program = (ctypes.c_uint64 * 2)(1, ctypes.addressof(allow))
syscall("prctl", 22, 2, program)  # one more filter, that allows everything: the others still hold
refused("mount", lambda: syscall("mount", b"none", b"/tmp", b"tmpfs", 0, b""))
refused("user namespace", lambda: syscall("unshare", 0x10000000))
refused("seccomp", lambda: syscall("seccomp", 1, 0, program))
refused("a listener", lambda: syscall("seccomp", 1, 8, program))
held()
