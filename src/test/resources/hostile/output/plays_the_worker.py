# Makes itself look like an interpreter that waits for a job, becomes one, and hands itself a job of its own making.
# Expect: RUNTIME_ERROR | SIGNALED SIGPIPE
# Expect-line: begun
# Expect-no: got the job
import os
import socket

print("begun", flush=True)
here, there = socket.socketpair()
reading, gate = os.pipe()


def record(kind, key, value):
    return kind + len(key).to_bytes(4, "big") + len(value).to_bytes(4, "big") + key + value


code = b"import os; os.write(2, b'got the job'); os._exit(0)"
frame = record(b"E", b"PYTHONHASHSEED", b"0") + record(b"F", b"other.py", code)
if os.fork() == 0:
    here.close()
    there.recv(1)
    there.sendall(len(frame).to_bytes(4, "big") + frame)
    os.read(reading, 100)
    os._exit(0)
for number in (10, 11, 12):
    os.dup2(os.open("/dev/null", os.O_RDWR), number)
os.dup2(gate, 13)
os.dup2(here.fileno(), 0)
os.dup2(here.fileno(), 1)
os.execv("/usr/bin/python3", ["python3", "-c", "import os; os._exit(9)"])
