# Tries all low ports and those where nodes, stores and jails like to listen.
# Arg: @HTTP_PORT@
# Expect: OK 0
# Expect-line: held 5001
# Limit: cpu_ms=10000
import socket
import sys

from trial import held, refused


def connect(port):
    with socket.socket() as one:
        one.connect(("127.0.0.1", port))


for port in (*range(1, 4001), *range(30000, 31000), int(sys.argv[1])):
    refused(f"port {port}", lambda: connect(port), "ECONNREFUSED")
held()
