# Reads and writes the kernel's settings, above all those that name programs to be run by the host.
# Expect: OK 0
# Expect-line: held 34
import os

from trial import held, must, refused

GONE = ("EACCES", "EPERM", "EROFS", "ENOENT")
for name in (
    "kernel/core_pattern",
    "kernel/modprobe",
    "kernel/hotplug",
    "kernel/poweroff_cmd",
    "kernel/sysrq",
    "kernel/ns_last_pid",
    "kernel/hostname",
    "kernel/randomize_va_space",
    "kernel/unprivileged_bpf_disabled",
    "kernel/yama/ptrace_scope",
    "vm/overcommit_memory",
    "vm/drop_caches",
    "vm/swappiness",
    "fs/binfmt_misc/register",
    "fs/suid_dumpable",
    "fs/file-max",
    "net/ipv4/ip_forward",
    "user/max_user_namespaces",
):
    refused(name, lambda: open("/proc/sys/" + name, "w"), *GONE)
for path in (
    "/proc/sysrq-trigger",
    "/proc/kcore",
    "/proc/kmsg",
    "/proc/kallsyms",
    "/proc/keys",
    "/proc/timer_list",
    "/proc/sched_debug",
    "/proc/config.gz",
    "/proc/bus/pci",
    "/proc/acpi",
    "/proc/scsi",
    "/sys/kernel/uevent_helper",
    "/sys/fs/cgroup",
    "/sys/kernel/debug",
    "/sys/power/state",
):
    refused(path, lambda: os.open(path, os.O_RDONLY), *GONE)
must("more than processes in /proc", all(name.isdigit() or name in ("self", "thread-self") for name in os.listdir("/proc")))
held()
