"""It is the language that it says, with what a program expects of the standard library."""

import ctypes
import hashlib
import lzma
import sqlite3
import ssl
import subprocess
import sys
import zoneinfo

assert sys.version_info[:2] == (3, 13)
assert lzma.decompress(lzma.compress(b"x")) == b"x"
assert sqlite3.connect(":memory:").execute("select 6 * 7").fetchone() == (42,)
assert hashlib.sha256(b"").hexdigest().startswith("e3b0c442")
assert ssl.create_default_context()
assert ctypes.CDLL(None).getpid()
assert zoneinfo.ZoneInfo("Europe/Paris")
child = subprocess.run([sys.executable, "-c", "import sys; print(sys.version_info[1])"], capture_output=True, text=True)
assert (child.stdout, child.stderr) == ("13\n", "")
print(f"Python {sys.version.split()[0]} works")
