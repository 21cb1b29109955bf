# Wants to set the clocks by which it is judged.
# Expect: OK 0
# Expect-line: held 9
import ctypes
import time

from trial import held, refused, syscall

buffer = ctypes.create_string_buffer(256)
for clock in (time.CLOCK_REALTIME, time.CLOCK_MONOTONIC, time.CLOCK_BOOTTIME, time.CLOCK_TAI, time.CLOCK_PROCESS_CPUTIME_ID):
    refused(f"clock {clock} set", lambda: time.clock_settime(clock, 0))
refused("time of day set", lambda: syscall("settimeofday", buffer, 0))
refused("clock adjusted", lambda: syscall("adjtimex", buffer))
refused("one clock adjusted", lambda: syscall("clock_adjtime", 0, buffer))
refused("time namespace", lambda: syscall("unshare", 0x80))
held()
