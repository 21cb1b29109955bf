import os
import select
import selectors
import socket

reading, writing = os.pipe()
here, there = socket.socketpair()
print(select.select([reading], [writing], [], 0) == ([], [writing], []))
os.write(writing, b"x")
poll = select.poll()
poll.register(reading, select.POLLIN)
print([event for _, event in poll.poll(0)])
with select.epoll() as epoll:
    epoll.register(there, select.EPOLLIN | select.EPOLLET)
    here.send(b"y")
    print([event for _, event in epoll.poll(1)], epoll.poll(0))
with selectors.DefaultSelector() as selector:
    print(type(selector).__name__)
    selector.register(reading, selectors.EVENT_READ, "pipe")
    selector.register(there, selectors.EVENT_READ, "socket")
    print(sorted(key.data for key, _ in selector.select(1)))
os.close(writing)
print(os.read(reading, 10), os.read(reading, 10), [event for _, event in poll.poll(0)])
counter = os.eventfd(3)
print(os.eventfd_read(counter), select.select([counter], [], [], 0)[0])
os.write(counter, (7).to_bytes(8, "little"))
print(os.eventfd_read(counter))
