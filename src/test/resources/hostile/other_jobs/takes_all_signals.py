# Takes all queued signals and timers that its user may have.
# Expect: OK 0
# Expect-line: held 2
import ctypes
import os
import signal

from trial import held, refused, syscall

signal.pthread_sigmask(signal.SIG_BLOCK, {40})
information = ctypes.create_string_buffer(128)
ctypes.memmove(information, (40).to_bytes(4, "little") + bytes(4) + (-1).to_bytes(4, "little", signed=True), 12)


def queue():
    while True:
        syscall("rt_sigqueueinfo", os.getpid(), 40, information)


def make_timers():
    place = ctypes.c_int()
    while True:
        syscall("timer_create", 1, 0, ctypes.byref(place))


refused("signals", queue, "EAGAIN")
refused("timers", make_timers, "EAGAIN", "ENOMEM")
held()
