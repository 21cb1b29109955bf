# Every signal to process 1, by five calls: it must not even notice.
# Expect: OK 0
# Expect-line: held 1
import ctypes
import os
import signal

from trial import held, must, syscall

pidfd = os.pidfd_open(1)
information = ctypes.create_string_buffer(128)
for number in range(1, 65):
    ctypes.memmove(information, number.to_bytes(4, "little") + bytes(4) + (-1).to_bytes(4, "little", signed=True), 12)
    for attempt in (
        lambda: os.kill(1, number),
        lambda: os.killpg(1, number),
        lambda: signal.pidfd_send_signal(pidfd, number),
        lambda: syscall("pidfd_send_signal", pidfd, number, information, 0),
        lambda: syscall("rt_sigqueueinfo", 1, number, information),
    ):
        try:
            attempt()
        except OSError:
            pass
with open("/proc/1/stat") as file:
    must("process 1 is stopped or dead", file.read().rpartition(")")[2].split()[0] in "SRD")
held()
