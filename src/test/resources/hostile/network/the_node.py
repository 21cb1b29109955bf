# Connects to the node and to its Redis, at every address that could be the host.
# Arg: @HTTP_PORT@
# Arg: @REDIS_PORT@
# Expect: OK 0
# Expect-line: held 12
import socket
import sys

from trial import held, refused

for port in map(int, sys.argv[1:]):
    for address in ("127.0.0.1", "127.0.0.2", "127.255.255.254", "0.0.0.0", "::1", "::ffff:127.0.0.1"):
        refused(f"{address} {port}", lambda: socket.create_connection((address, port), 2), "ECONNREFUSED")
held()
