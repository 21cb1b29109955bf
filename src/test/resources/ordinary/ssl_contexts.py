import ssl
import threading
import socket

context = ssl.create_default_context()
print(context.verify_mode, context.check_hostname, context.minimum_version, ssl.HAS_TLSv1_3, len(context.get_ca_certs()) >= 0)
server, client = socket.socketpair()
plain = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
plain.check_hostname = False
plain.verify_mode = ssl.CERT_NONE
threading.Thread(target=lambda: (server.recv(1000), server.sendall(b"not TLS at all" * 10), server.close())).start()
try:
    plain.wrap_socket(client)
except ssl.SSLError as error:
    print(error.reason)
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
try:
    plain.wrap_bio(incoming, outgoing).do_handshake()
except ssl.SSLWantReadError as error:
    print(type(error).__name__, outgoing.pending > 100)
print(ssl.RAND_status(), len(ssl.RAND_bytes(8)))
