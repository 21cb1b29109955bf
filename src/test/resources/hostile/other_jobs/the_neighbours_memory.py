# Looks for shared memory, queues and semaphores of the job beside it, by key, by number and by name.
# Expect: OK 0
# Expect-line: held 66
import ctypes

from trial import call, held, refused

KEY = 0x6E6A
buffer = ctypes.create_string_buffer(1024)
refused("shared memory", lambda: call("shmget", KEY, 0, 0), "ENOENT")
refused("messages", lambda: call("msgget", KEY, 0), "ENOENT")
refused("semaphores", lambda: call("semget", KEY, 0, 0), "ENOENT")
for number in range(20):
    refused(f"shared memory {number}", lambda: call("shmctl", number, 15, buffer), "EINVAL")  # SHM_STAT_ANY
    refused(f"messages {number}", lambda: call("msgctl", number, 13, buffer), "EINVAL")
    refused(f"semaphores {number}", lambda: call("semctl", number, 0, 20, buffer), "EINVAL")
refused("queue", lambda: call("mq_open", b"/neighbour", 2), "ENOENT")
refused("removal of the queue", lambda: call("mq_unlink", b"/neighbour"), "ENOENT")
refused("semaphore", lambda: open("/dev/shm/sem.neighbour"), "ENOENT")
held()
