# Takes what is counted for all: watches on files, places to wait, keys.
# Expect: OK 0
# Expect-line: held 3
import os
import select

from trial import held, refused, syscall

refused("inotify", lambda: syscall("inotify_init1", 0), "EMFILE")
refused("a key", lambda: syscall("add_key", b"user", b"x", bytes(1000), 1000, -4))


def wait_on_everything():
    places = [select.epoll() for _ in range(20)]
    opened = []
    while True:
        opened.append(os.eventfd(0))
        for place in places:
            place.register(opened[-1])


refused("epoll", wait_on_everything, "EMFILE", "ENOSPC")
held()
