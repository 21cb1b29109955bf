"""It is the language that it says, it compiles, and it has what a program expects of the standard library."""

import bz2
import ctypes
import hashlib
import json
import lzma
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
import zoneinfo

assert sys.implementation.name == "pypy"
assert sys.version_info[:3] == (3, 9, 16)
assert lzma.decompress(lzma.compress(b"x")) == b"x" == bz2.decompress(bz2.compress(b"x"))
assert sqlite3.connect(":memory:").execute("select 6 * 7").fetchone() == (42,)
assert hashlib.sha256(b"").hexdigest().startswith("e3b0c442")
assert ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).check_hostname
assert ctypes.CDLL(None).getpid()
assert zoneinfo.ZoneInfo("Europe/Paris")
assert json.loads(json.dumps({"ü": [1.5, None]})) == {"ü": [1.5, None]}
child = subprocess.run([sys.executable, "-c", "import sys; print(sys.version_info[1])"], capture_output=True, text=True)
assert (child.stdout, child.stderr) == ("9\n", "")
thread = threading.Thread(target=lambda: None)
thread.start()
thread.join()


def total(count):
    result = 0
    for number in range(count):
        result += number & 7
    return result


total(20_000)
start = time.process_time()
assert total(10_000_000) == 35_000_000
assert time.process_time() - start < 1, "the loop was not compiled"  # an interpreter alone takes several times as long
print(f"PyPy {'.'.join(map(str, sys.pypy_version_info[:3]))} works")
