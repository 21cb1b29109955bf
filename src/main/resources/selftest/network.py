# There must be no network but a loopback of the jail's own. The input is a port on the host's loopback on which somebody listens.
import socket

wrong = []
with open("/proc/self/net/dev") as table:
    interfaces = [line.split(":")[0].strip() for line in table if ":" in line]
if interfaces != ["lo"]:
    wrong.append(f"interfaces {interfaces}")
for family, address in (
    (socket.AF_INET, ("127.0.0.1", int(input()))),
    (socket.AF_INET, ("192.0.2.1", 80)),
    (socket.AF_INET6, ("2001:db8::1", 80)),
    (socket.AF_UNIX, "/bay/s"),
):
    with socket.socket(family) as caller:
        caller.settimeout(1)
        try:
            caller.connect(address)
            wrong.append(f"{address} answers")
        except socket.timeout:  # TimeoutError from Python 3.10 on
            wrong.append(f"{address} does not refuse")
        except OSError:
            pass
print("; ".join(wrong) or "held")
