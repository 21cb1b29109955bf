# Takes the worker's socket away, or puts something in its place.
# Expect: OK 0
# Expect-line: held 10
import os
import socket

from trial import held, refused

refused("removed", lambda: os.unlink("/bay/s"), "EROFS", "ENOENT")
refused("moved", lambda: os.rename("/bay/s", "/bay/t"), "EROFS", "ENOENT")
refused("covered", lambda: os.rename("/work/main.py", "/bay/s"), "EXDEV", "EROFS")
refused("a new file", lambda: open("/bay/new", "w"))
refused("a new socket", lambda: socket.socket(socket.AF_UNIX).bind("/bay/t"))
refused("a new folder", lambda: os.mkdir("/bay/d"))
refused("mode of the folder", lambda: os.chmod("/bay", 0o777))
refused("mode of the socket", lambda: os.chmod("/bay/s", 0), "EROFS", "ENOENT")  # the worker may have taken it away
refused("owner of the folder", lambda: os.chown("/bay", 0, 0), "EROFS", "EPERM", "EINVAL")
refused("a link", lambda: os.symlink("/etc", "/bay/l"))
held()
