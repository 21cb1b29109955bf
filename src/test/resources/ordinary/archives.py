import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib

data = b"hello world " * 10000
for module in (bz2, gzip, lzma, zlib):
    packed = module.compress(data)
    print(module.__name__, len(packed) < 1000, module.decompress(packed) == data)
with gzip.open("x.gz", "wt") as file:
    file.write("text\n")
print(gzip.open("x.gz", "rt").read(), zlib.crc32(data), zlib.adler32(data))
with zipfile.ZipFile("x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("a/b.txt", "in zip")
    archive.writestr(zipfile.ZipInfo("fixed", (1980, 1, 1, 0, 0, 0)), data)
with zipfile.ZipFile("x.zip") as archive:
    print(archive.namelist(), archive.read("a/b.txt"), archive.testzip())
with tarfile.open("x.tar.xz", "w:xz") as archive:
    entry = tarfile.TarInfo("name")
    entry.size = 5
    archive.addfile(entry, io.BytesIO(b"12345"))
with tarfile.open("x.tar.xz") as archive:
    print(archive.getnames(), archive.extractfile("name").read())
zlib.decompress(b"nonsense")
