# Enters the kernel by the gate for 32-bit programs: the process ends, by the filter.
# Expect: OK 0
# Expect-line: held 3
import ctypes
import mmap
import os
import platform
import signal

from trial import held, must

for number in (20, 120, 310):  # getpid, clone, unshare
    child = os.fork()
    if child == 0:
        if platform.machine() != "x86_64":
            os.kill(os.getpid(), signal.SIGSYS)  # only x86_64 has that gate
        code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        code.write(b"\xb8" + number.to_bytes(4, "little") + b"\xcd\x80\xc3")  # mov eax, number; int 0x80; ret
        ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
        os._exit(0)
    must(f"call {number}", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGSYS)
held()
