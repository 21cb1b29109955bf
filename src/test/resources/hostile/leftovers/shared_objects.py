# Leaves shared memory, queues and semaphores of both kinds behind.
# Expect: OK 0
# Expect-line: left
import ctypes
import multiprocessing
import os
from multiprocessing import shared_memory

from trial import call, libc

libc().shmat.restype = ctypes.c_void_p
for key in range(1, 11):
    segment = call("shmget", key, 100000, 0o1666)
    ctypes.memset(libc().shmat(segment, None, 0), 1, 100000)
    messages = call("msgget", key, 0o1666)
    call("msgsnd", messages, (ctypes.c_long * 8)(1), 56, 0)
    call("semget", key, 3, 0o1666)
shape = (ctypes.c_long * 8)(0, 2, 32)
for number in range(5):
    call("mq_open", b"/left%d" % number, os.O_CREAT | os.O_RDWR, 0o666, shape)
memory = shared_memory.SharedMemory("left", create=True, size=100000)
semaphore = multiprocessing.Semaphore()
print("left", flush=True)
os._exit(0)
