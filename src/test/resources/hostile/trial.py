"""What the hostile programs share: to try many things, and to print a line for each that got through.

The test places this file beside every program that imports it.
"""

import errno
import os
import platform

# What a wall says. Anything else (a wrong argument, say) proves nothing, and is printed.
WALLS = ("EPERM", "EACCES", "EROFS", "ENOSYS", "EAFNOSUPPORT")

# System calls by name: their numbers on x86_64 and on aarch64. From 424 on all machines have the same.
_NUMBERS = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bpf": (321, 280),
    "capset": (126, 91),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "clone": (56, 220),
    "clone3": (435, 435),
    "close_range": (436, 436),
    "delete_module": (176, 106),
    "exit": (60, 93),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "gettid": (186, 178),
    "init_module": (175, 105),
    "inotify_init1": (294, 26),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioprio_set": (251, 30),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "lookup_dcookie": (212, 18),
    "mbind": (237, 235),
    "memfd_secret": (447, 447),
    "migrate_pages": (256, 238),
    "mincore": (27, 232),
    "mlockall": (151, 230),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "openat2": (437, 437),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "pidfd_getfd": (438, 438),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pivot_root": (155, 41),
    "prctl": (157, 167),
    "process_madvise": (440, 440),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "reboot": (169, 142),
    "renameat2": (316, 276),
    "request_key": (249, 218),
    "rt_sigqueueinfo": (129, 138),
    "sched_setattr": (314, 274),
    "seccomp": (317, 277),
    "set_mempolicy": (238, 237),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "timer_create": (222, 107),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "vhangup": (153, 58),
    "vmsplice": (278, 75),
}

_refused = 0
_libc = None


def libc():
    """The C library; its calls leave errno for ctypes.get_errno()."""
    global _libc
    if _libc is None:
        import ctypes

        _libc = ctypes.CDLL(None, use_errno=True)
    return _libc


def call(function, *arguments):
    """A function of the C library that answers -1 when it fails; then it is an OSError here."""
    import ctypes

    answer = getattr(libc(), function)(*arguments)
    if answer == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return answer


def syscall(name, *arguments):
    """A system call by name or by number, without the C library's help."""
    import ctypes

    number = name if isinstance(name, int) else _NUMBERS[name][platform.machine() == "aarch64"]
    libc().syscall.restype = ctypes.c_long
    plain = [ctypes.c_long(argument) if isinstance(argument, int) else argument for argument in arguments]
    return call("syscall", ctypes.c_long(number), *plain)


def refused(what, attempt, *errors):
    """Makes an attempt that must fail, with one of these errors if some are named."""
    global _refused
    try:
        answer = attempt()
    except OSError as error:
        name = errno.errorcode.get(error.errno, str(error))
        if name in (errors or WALLS):
            _refused += 1
        else:
            print(f"unclear: {what}: {name}", flush=True)
    else:
        print(f"got through: {what}: {answer!r}", flush=True)


def must(what, condition):
    """Something that must be so; counts as one refused attempt."""
    global _refused
    if condition:
        _refused += 1
    else:
        print(f"got through: {what}", flush=True)


def held():
    """The last line: how many attempts were refused, so that none can be left out unseen."""
    print(f"held {_refused}", flush=True)
