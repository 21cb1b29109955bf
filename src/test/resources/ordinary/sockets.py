import os
import socket
import threading

for family, address in ((socket.AF_INET, ("127.0.0.1", 0)), (socket.AF_INET6, ("::1", 0)), (socket.AF_UNIX, "stream.sock")):
    with socket.socket(family, socket.SOCK_STREAM) as server:
        server.bind(address)
        server.listen()
        received = []

        def serve():
            connection, _ = server.accept()
            with connection:
                while data := connection.recv(65536):
                    received.append(len(data))
                connection.sendall(b"thanks")

        thread = threading.Thread(target=serve)
        thread.start()
        with socket.socket(family, socket.SOCK_STREAM) as client:
            client.connect(server.getsockname())
            client.sendall(bytes(3000000))
            client.shutdown(socket.SHUT_WR)
            print(family.name, client.recv(100))
        thread.join()
        print(sum(received))
here, there = socket.socketpair()
with open("passed", "w+") as file:
    socket.send_fds(here, [b"take"], [file.fileno()])
    data, descriptors, *_ = socket.recv_fds(there, 10, 1)
    os.write(descriptors[0], b"by another")
print(data, open("passed").read())
one, two = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
one.bind(("127.0.0.1", 0))
two.sendto(b"datagram", one.getsockname())
print(one.recvfrom(100)[0])
one.settimeout(0.02)
for attempt in (lambda: one.recv(10), lambda: socket.create_connection(("127.0.0.1", 1)), lambda: socket.inet_pton(socket.AF_INET6, "x")):
    try:
        attempt()
    except OSError as error:
        print(repr(error))
print(socket.gethostbyname("localhost"), socket.getservbyname("https"), socket.getprotobyname("tcp"), socket.inet_aton("1.2.3.4"))
print(sorted({a[4][0] for a in socket.getaddrinfo("127.0.0.1", 80)}), socket.has_ipv6)
