# Every call that mounts, moves or removes a mount, old and new.
# Expect: OK 0
# Expect-line: held 19
from trial import held, refused, syscall

BIND, REMOUNT, SHARED, MOVE = 0x1000, 0x20, 0x100000, 0x2000
for kind in (b"tmpfs", b"proc", b"sysfs", b"cgroup", b"cgroup2", b"devpts", b"overlay"):
    refused("mount of " + kind.decode(), lambda: syscall("mount", b"none", b"/tmp", kind, 0, b""))
refused("bind", lambda: syscall("mount", b"/usr", b"/tmp", 0, BIND, 0))
refused("the root made writable", lambda: syscall("mount", b"none", b"/", 0, REMOUNT | BIND, 0))
refused("mounts shared with the host", lambda: syscall("mount", b"none", b"/", 0, SHARED, 0))
refused("a mount moved", lambda: syscall("mount", b"/work", b"/tmp", 0, MOVE, 0))
refused("a mount removed", lambda: syscall("umount2", b"/proc", 2))
refused("pivot_root", lambda: syscall("pivot_root", b"/work", b"/work"))
refused("open_tree", lambda: syscall("open_tree", -100, b"/", 1))
refused("fsopen", lambda: syscall("fsopen", b"tmpfs", 0))
refused("fspick", lambda: syscall("fspick", -100, b"/", 0))
refused("fsmount", lambda: syscall("fsmount", 0, 0, 0))
refused("move_mount", lambda: syscall("move_mount", -100, b"/work", -100, b"/tmp", 0))
refused("mount_setattr", lambda: syscall("mount_setattr", -100, b"/", 0, b"", 32))
held()
