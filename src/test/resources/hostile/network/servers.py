# Listens at the node's own port and at all addresses, as if it were the node.
# Arg: @HTTP_PORT@
# Arg: @REDIS_PORT@
# Expect: OK 0
# Expect-line: nobody came
import select
import socket
import sys

listeners = []
for port in map(int, sys.argv[1:]):
    listeners.append(socket.create_server(("0.0.0.0", port)))
    listeners.append(socket.create_server(("::1", port), family=socket.AF_INET6))
listeners.append(socket.socket(socket.AF_UNIX))
listeners[-1].bind("\0onpyrunner")
listeners[-1].listen()
print("nobody came" if not select.select(listeners, [], [], 0.3)[0] else "got through: somebody came")
