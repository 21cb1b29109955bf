# Looks for the host where hosts keep things.
# Expect: OK 0
# Expect-line: held 33
import os

from trial import held, must, refused

for path in (
    "/root",
    "/home",
    "/var",
    "/srv",
    "/mnt",
    "/media",
    "/boot",
    "/run",
    "/sys",
    "/lost+found",
    "/opt/boot/../../root",
    "/etc/shadow",
    "/etc/hostname",
    "/etc/machine-id",
    "/etc/ssl",
    "/etc/ssh",
    "/etc/resolv.conf",
    "/etc/crontab",
    "/etc/ld.so.preload",
    "/dev/kmsg",
    "/dev/mem",
    "/dev/kvm",
    "/dev/fuse",
    "/dev/sda",
    "/dev/vda",
    "/dev/net/tun",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/console",
    "/dev/userfaultfd",
):
    refused(path, lambda: os.stat(path), "ENOENT")
must("more users than three", open("/etc/passwd").read().count("\n") == 3)
must("more than ours in /etc", len(os.listdir("/etc")) <= 8)
must("the host's name", os.uname().nodename == "sandbox")
held()
