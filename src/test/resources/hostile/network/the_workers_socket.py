# Connects to the worker's socket, again and again, with a good end for itself.
# Expect: RUNTIME_ERROR 6
# Expect-line: held 200
import socket
import sys

from trial import held, must

end = b"E 0 0.000000 0.000000 1000\n"
frame = b"\6S" + len(end).to_bytes(4, "big") + end
for number in range(200):
    answer = b""
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(2)
        try:
            one.connect("/bay/s")
            one.sendall(frame)
            answer = one.recv(100)
        except OSError as error:
            if isinstance(error, TimeoutError):
                answer = b"it keeps us"
    must(f"try {number}: {answer}", answer == b"")
held()
sys.exit(6)
