# Leaves the root folder by descriptors, handles and resolution flags.
# Expect: OK 0
# Expect-line: held 6
import ctypes
import os

from trial import held, must, refused, syscall

root = os.stat("/")
top = os.open("/", os.O_RDONLY)
for _ in range(50):
    top = os.open("..", os.O_RDONLY, dir_fd=top)
must("fifty times up", os.fstat(top).st_ino == root.st_ino)
must("by process 1", not os.access("/proc/1/root", os.R_OK))
refused("another root", lambda: os.chroot("/tmp"))
handle = ctypes.create_string_buffer(136)
ctypes.memmove(handle, (128).to_bytes(4, "little"), 4)
refused("a handle", lambda: syscall("name_to_handle_at", -100, b"/", handle, handle, 0))
refused("by handle", lambda: syscall("open_by_handle_at", top, handle, 0))
how = (ctypes.c_uint64 * 3)(os.O_RDONLY, 0, 0x10)  # RESOLVE_IN_ROOT
there = syscall("openat2", top, b"../../../../etc", how, ctypes.sizeof(how))
must("by resolution in a root", os.path.samestat(os.fstat(there), os.stat("/etc")))
held()
