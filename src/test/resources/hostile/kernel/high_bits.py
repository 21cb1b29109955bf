# Steers process 1 with numbers whose upper half the kernel does not look at.
# Expect: OK 0
# Expect-line: refused 7
import ctypes
import errno
import platform

column = {"x86_64": 0, "aarch64": 1}[platform.machine()]
libc = ctypes.CDLL(None, use_errno=True)
one_second = (ctypes.c_ulong * 2)(1, 1)
HIGH = 1 << 32
TRIES = {
    "CPU time": (302, 261, HIGH | 1, 0, ctypes.addressof(one_second), 0),
    "files": (302, 261, HIGH | 1, 7, ctypes.addressof(one_second), 0),
    "scheduler": (144, 119, HIGH | 1, 5, ctypes.addressof((ctypes.c_int * 1)(0))),
    "cores": (203, 122, HIGH | 1, 8, ctypes.addressof(one_second)),
    "priority": (141, 140, HIGH, HIGH | 1, 19),
    "priority of all": (141, 140, HIGH | 2, 0, 19),
    "input and output": (251, 30, HIGH | 1, HIGH | 1, 3 << 13),
}
refused = 0
for name, call in TRIES.items():
    numbers = [ctypes.c_long(value) for value in (call[column], *call[2:])]
    if libc.syscall(*numbers) == -1 and ctypes.get_errno() == errno.EPERM:
        refused += 1
    else:
        print("got through:", name)
print("refused", refused)
