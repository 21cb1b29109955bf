import array
import ctypes
import struct

print(
    struct.pack("<IhB3s", 1, -2, 3, b"abc"),
    struct.unpack(">HH", b"\0\1\0\2"),
    struct.calcsize("@iqd"),
    list(struct.iter_unpack("<H", b"\1\0\2\0")),
)
numbers = array.array("d", [1.5, 2.5])
print(
    numbers.tobytes(),
    array.array("i", b"\1\0\0\0"),
    memoryview(b"abcdef")[1:4].tobytes(),
    bytearray(b"abc").translate(bytes(range(1, 256)) + b"\0"),
)


class Point(ctypes.Structure):
    _fields_ = [("x", ctypes.c_int), ("y", ctypes.c_double)]


libc = ctypes.CDLL(None)
libc.strlen.argtypes = [ctypes.c_char_p]
print(ctypes.sizeof(Point), bytes(Point(1, 2.0)), libc.strlen(b"hello"), libc.abs(-5))
compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))(lambda a, b: a[0] - b[0])
values = (ctypes.c_int * 5)(5, 2, 4, 1, 3)
libc.qsort(values, 5, ctypes.sizeof(ctypes.c_int), compare)
print(list(values))
struct.unpack("<I", b"abc")
