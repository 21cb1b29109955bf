"""Runs beside the hostile programs, owns one of everything, and says at its end whether any of it was touched.

Its input is a word of its own, which nobody else knows; its answers depend on it.
"""

import ctypes
import hashlib
import os
import select
import signal
import socket

PORT = 7777
KEY = 0x6E6A  # of its System V objects
FILES = ("/work/mine", "/tmp/mine", "/dev/shm/mine")
TICKS = 20
TICK_S = 0.05

libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
libc.mq_open.restype = ctypes.c_int

word = input()
touched = []

for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
    try:
        signal.signal(number, lambda n, frame: touched.append(f"signal {n}"))
    except OSError:
        pass  # two are the C library's own
for path in FILES:
    with open(path, "x") as file:
        file.write(word)
listeners = [socket.create_server(("127.0.0.1", PORT)), socket.socket(socket.AF_UNIX), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)]
listeners[1].bind("\0neighbour")
listeners[1].listen()
listeners[2].bind(("127.0.0.1", PORT))
segment = libc.shmget(KEY, 4096, 0o1666)
memory = libc.shmat(segment, None, 0)
ctypes.memmove(memory, word.encode(), len(word))
messages = libc.msgget(KEY, 0o1666)
shape = (ctypes.c_long * 8)(0, 4, 64)  # four messages of 64 bytes
queue = libc.mq_open(b"/neighbour", os.O_CREAT | os.O_RDWR | os.O_NONBLOCK, 0o666, shape)
if min(segment, messages, queue) < 0:
    touched.append("setup")
waiting, go = os.pipe()
child = os.fork()
if child == 0:
    os.close(go)
    os.read(waiting, 1)
    os._exit(7)

state = word.encode()
for tick in range(TICKS):
    state = hashlib.sha256(state).digest()
    print(tick, state.hex(), flush=True)
    if select.select(listeners, [], [], TICK_S)[0]:
        touched.append("a listener")

os.write(go, b"x")
if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 7:
    touched.append("the child")
for path in FILES:
    with open(path) as file:
        if file.read() != word:
            touched.append(path)
if ctypes.string_at(memory, len(word)) != word.encode():
    touched.append("shared memory")
buffer = ctypes.create_string_buffer(10000)
if libc.msgrcv(messages, buffer, 100, 0, 0o4000) >= 0:
    touched.append("the System V message queue")
if libc.mq_receive(queue, buffer, 64, None) >= 0:
    touched.append("the message queue")
print("touched: " + ", ".join(touched) if touched else f"untouched {word}")
