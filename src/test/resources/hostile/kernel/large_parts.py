# The large and young parts of the kernel.
# Expect: OK 0
# Expect-line: held 15
import ctypes

from trial import held, refused, syscall

buffer = ctypes.create_string_buffer(256)
for command in (0, 5, 18):
    refused(f"bpf {command}", lambda: syscall("bpf", command, buffer, 128))
refused("performance events", lambda: syscall("perf_event_open", buffer, 0, -1, -1, 0))
refused("page faults", lambda: syscall("userfaultfd", 1))
refused("io_uring", lambda: syscall("io_uring_setup", 8, buffer))
refused("io_uring, entering", lambda: syscall("io_uring_enter", 0, 1, 1, 0, 0, 0))
refused("io_uring, registering", lambda: syscall("io_uring_register", 0, 0, buffer, 1))
refused("a key", lambda: syscall("add_key", b"user", b"x", b"y", 1, -3))
refused("a key asked for", lambda: syscall("request_key", b"user", b"x", b"y", -3))
refused("keyrings", lambda: syscall("keyctl", 0, -4, 1))
refused("keyring joined", lambda: syscall("keyctl", 1, b"other"))
refused("secret memory", lambda: syscall("memfd_secret", 0))
refused("notifications", lambda: syscall("fanotify_init", 0, 0))
refused("inotify", lambda: syscall("inotify_init1", 0), "EMFILE")
held()
