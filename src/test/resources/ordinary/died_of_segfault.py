import ctypes
import faulthandler

print("before", flush=True)
faulthandler.enable()
ctypes.string_at(0)
