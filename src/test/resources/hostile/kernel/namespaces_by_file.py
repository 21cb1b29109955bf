# Finds its way up from its own namespaces to those that they were made in.
# Expect: OK 0
# Expect-line: held 6
import fcntl
import os

from trial import held, must, refused

NS_GET_USERNS, NS_GET_PARENT = 0xB701, 0xB702
user, pid, mnt, net = (os.open(f"/proc/self/ns/{name}", os.O_RDONLY) for name in ("user", "pid", "mnt", "net"))
refused("the parent of the user namespace", lambda: fcntl.ioctl(user, NS_GET_PARENT))
refused("the parent of the process namespace", lambda: fcntl.ioctl(pid, NS_GET_PARENT))
for name, namespace in (("pid", pid), ("mnt", mnt), ("net", net)):
    owner = fcntl.ioctl(namespace, NS_GET_USERNS)
    must(f"{name} belongs to the host", os.path.samestat(os.fstat(owner), os.fstat(user)))
refused("the owner of the user namespace", lambda: fcntl.ioctl(user, NS_GET_USERNS))
held()
