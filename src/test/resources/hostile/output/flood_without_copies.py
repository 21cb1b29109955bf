# Pages given away to stdout's pipe and written over afterwards.
# Expect: OUTPUT_LIMIT
# Expect-hit: stdout
# Limit: output_bytes=100000
import ctypes
import mmap

from trial import libc

page = mmap.mmap(-1, 65536)
place = ctypes.addressof(ctypes.c_char.from_buffer(page))
piece = (ctypes.c_size_t * 2)(place, 65536)
while True:
    libc().vmsplice(1, piece, 1, 8)  # SPLICE_F_GIFT
    page[:] = b"y" * 65536
