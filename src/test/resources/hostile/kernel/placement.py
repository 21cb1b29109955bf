# Places memory, and becomes another kind of process.
# Expect: OK 0
# Expect-line: held 7
import ctypes

from trial import held, refused, syscall

buffer = ctypes.create_string_buffer(4096)
refused("memory policy", lambda: syscall("set_mempolicy", 1, buffer, 64))
refused("policy of a range", lambda: syscall("mbind", buffer, 4096, 1, buffer, 64, 0))
for name, value in (("no randomness", 0x40000), ("readable is executable", 0x400000), ("old layout", 0x200000), ("page at zero", 0x100000)):
    refused(name, lambda: syscall("personality", value))
refused("directory cookies", lambda: syscall("lookup_dcookie", 0, buffer, 4096))
held()
