# Wants to go before everybody else.
# Expect: OK 0
# Expect-line: held 13
import os

from trial import held, refused, syscall

best = os.sched_param(0)
first = os.sched_param(1)
refused("nice", lambda: os.nice(-20))
refused("nice by one", lambda: os.nice(-1))
refused("own priority", lambda: os.setpriority(os.PRIO_PROCESS, 0, -20))
refused("the group's priority", lambda: os.setpriority(os.PRIO_PGRP, 0, -20))
refused("the user's priority", lambda: os.setpriority(os.PRIO_USER, 0, 19))
refused("process 1's priority", lambda: os.setpriority(os.PRIO_PROCESS, 1, 19))
refused("real time, first in", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, first))
refused("real time, round robin", lambda: os.sched_setscheduler(0, os.SCHED_RR, first))
refused("process 1 idle", lambda: os.sched_setscheduler(1, os.SCHED_IDLE, best))
refused("process 1's cores", lambda: os.sched_setaffinity(1, {0}))
refused("real time for disks", lambda: syscall("ioprio_set", 1, 0, 1 << 13))
refused("disks of all processes of the user", lambda: syscall("ioprio_set", 3, 0, 3 << 13))
refused("disks of process 1", lambda: syscall("ioprio_set", 1, 1, 3 << 13))
held()
