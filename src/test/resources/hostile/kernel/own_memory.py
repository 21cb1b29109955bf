# Writes over the interpreter's own code, and jumps into nothing.
# Expect: SIGNALED SIGSEGV | SIGNALED SIGILL | SIGNALED SIGBUS
# Expect-line: begun
import ctypes

print("begun", flush=True)
place = ctypes.cast(ctypes.pythonapi.Py_IncRef, ctypes.c_void_p).value
page = ctypes.c_void_p(place & ~4095)
ctypes.CDLL(None).mprotect(page, 4096, 7)
ctypes.memset(place, 0xCC, 16)
ctypes.CFUNCTYPE(None)(16)()
