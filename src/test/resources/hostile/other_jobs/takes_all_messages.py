# Takes all the memory that its user may have in message queues.
# Expect: OK 0
# Expect-line: held 1
import ctypes
import os

from trial import call, held, refused


def make():
    number = 0
    shape = (ctypes.c_long * 8)(0, 10, 64)
    while True:
        number += 1
        call("mq_open", b"/mine%d" % number, os.O_CREAT | os.O_RDWR, 0o600, shape)


refused("queues", make, "EMFILE", "ENOSPC")
held()
