# Descriptors in flight in sockets that are in flight themselves: a ring that only the kernel can clear away.
# Expect: OK 0
# Expect-line: done
# Limit: cpu_ms=10000
import socket

for _ in range(200):
    pairs = [socket.socketpair() for _ in range(20)]
    flat = [one for pair in pairs for one in pair]
    for number, one in enumerate(flat):
        try:
            socket.send_fds(one, [b"x"], [flat[number - 1].fileno(), flat[(number + 1) % len(flat)].fileno()])
        except OSError:
            pass
    for one in flat:
        one.close()
print("done")
