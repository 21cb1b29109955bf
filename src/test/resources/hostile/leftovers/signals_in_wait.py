# Ends with thousands of signals in wait, timers running and alarms set.
# Expect: OK 0
# Expect-line: left
import ctypes
import os
import signal

from trial import syscall

signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
information = ctypes.create_string_buffer(128)
ctypes.memmove(information, (40).to_bytes(4, "little") + bytes(4) + (-1).to_bytes(4, "little", signed=True), 12)
for _ in range(1000):
    syscall("rt_sigqueueinfo", os.getpid(), 40, information)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
print("left", flush=True)
os._exit(0)
