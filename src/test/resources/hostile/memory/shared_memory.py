# Takes named shared memory by multiprocessing, piece by piece.
# Expect: MEMORY_LIMIT
# Expect-line: begun
# Limit: memory_bytes=33554432
from multiprocessing import shared_memory

print("begun", flush=True)
pieces = []
while True:
    piece = shared_memory.SharedMemory(create=True, size=1000000)
    piece.buf[:] = b"x" * len(piece.buf)
    pieces.append(piece)
