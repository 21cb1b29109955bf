# Wants memory that is never given back: more than it may lock.
# Expect: OK 0
# Expect-line: held 2
import ctypes
import mmap

from trial import call, held, refused, syscall

mapping = mmap.mmap(-1, 1 << 20)
place = ctypes.addressof(ctypes.c_char.from_buffer(mapping))
refused("one megabyte locked", lambda: call("mlock", ctypes.c_void_p(place), 1 << 20), "ENOMEM", "EPERM")
refused("everything locked", lambda: syscall("mlockall", 3), "ENOMEM", "EPERM")
held()
