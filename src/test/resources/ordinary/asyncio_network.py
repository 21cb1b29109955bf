import asyncio
import socket
import sys


async def echo(reader, writer):
    while line := await reader.readline():
        writer.write(line.upper())
        await writer.drain()
    writer.close()


class Datagrams(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(data[::-1], address)


async def main():
    for host in ("127.0.0.1", "::1", "localhost"):
        server = await asyncio.start_server(echo, host, 0)
        async with server:
            reader, writer = await asyncio.open_connection(host, server.sockets[0].getsockname()[1])
            writer.write(b"hello\nworld\n")
            print(host, await reader.readline(), await reader.readline())
            writer.close()
            await writer.wait_closed()
    server = await asyncio.start_unix_server(echo, "socket")
    reader, writer = await asyncio.open_unix_connection("socket")
    writer.write(b"unix\n")
    print(await reader.readline())
    writer.close()
    server.close()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Datagrams, ("127.0.0.1", 0))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.setblocking(False)
        await loop.sock_connect(one, transport.get_extra_info("sockname"))
        await loop.sock_sendall(one, b"abc")
        print(await loop.sock_recv(one, 10))
    transport.close()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "print(input()[::-1])", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    print(await process.communicate(b"stressed\n"), process.returncode)
    process = await asyncio.create_subprocess_shell("exit 5")
    print(await process.wait())


asyncio.run(main())
